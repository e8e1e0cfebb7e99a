/// What one inference consumed, by class.
///
/// Counts are never negative.
package struct Usage: Hashable, Sendable {
    private var counts = PerUsageClass()

    package init(_ counts: [UsageClass: Int64] = [:]) {
        for (kind, count) in counts { self[kind] = count }
    }

    package subscript(kind: UsageClass) -> Int64 {
        get { counts[kind] }
        set {
            precondition(newValue >= 0, "a count is never negative: \(kind) \(newValue)")
            counts[kind] = newValue
        }
    }

    /// Tokens of input and output together.
    package var tokens: Int64 { inputTokens + outputTokens }

    /// All tokens that the model read; it decides a long-context tier.
    ///
    /// Saturates.
    package var inputTokens: Int64 { total(UsageClass.inputTokens) }

    /// All tokens that the model wrote.
    ///
    /// Saturates.
    package var outputTokens: Int64 { total(UsageClass.outputTokens) }

    private func total(_ kinds: [UsageClass]) -> Int64 {
        kinds.reduce(0) { sum, kind in
            let (next, overflow) = sum.addingReportingOverflow(self[kind])
            return overflow ? .max : next
        }
    }
}

extension Usage: Codable {
    package init(from decoder: any Decoder) throws {
        let counts = try [UsageClass: Int64](from: decoder)
        guard counts.values.allSatisfy({ $0 >= 0 }) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "a count is not negative")
            )
        }
        self.init(counts)
    }

    package func encode(to encoder: any Encoder) throws {
        try counts.dictionary.encode(to: encoder)
    }
}
