/// How a simulated answer tells its usage: as it is, or as providers got it wrong.
package enum SimulatedUsageForm: String, Sendable, CaseIterable {
    /// As the provider documents it.
    case truthful
    /// Never.
    case missing
    /// Every count below zero.
    case negative
    /// Every count with a half.
    case fractional
    /// Every count as a JSON string.
    case string
    /// Every count the largest 64-bit integer.
    case huge
    /// The same usage twice; in a whole body the key twice.
    case twice
    /// More output first, then the truth.
    case decreasing
    /// `"usage": null`.
    case null
    /// A running count with every delta, in the provider's longest form.
    case everyChunk = "every_chunk"
}
