/// What a provider stated in one place of its answer, before it is believed.
///
/// Each field is `nil` where that place said nothing of it. Later reports replace earlier ones
/// field by field: providers report totals, never increments.
package struct UsageReport: Hashable, Sendable {
    /// Stated counts by class; classes that are stated as part of another are already taken out.
    package var counts: [UsageClass: Int64]

    package init(_ counts: [UsageClass: Int64] = [:]) { self.counts = counts }
}
