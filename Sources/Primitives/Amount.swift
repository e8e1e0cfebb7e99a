/// A quantity of one asset, counted in the asset's smallest unit.
///
/// For the dollar assets one unit is a micro-USD (0.000001 USD), for SOL a lamport. Amounts are
/// exact and never negative; nothing here stores money in a floating-point number.
package struct Amount: Hashable, Comparable, Sendable {
    /// The count of smallest units; never negative.
    package let units: Int64

    package static let zero = Amount(0)

    /// - Parameter units: must not be negative; a negative count is a programmer error.
    package init(_ units: Int64) {
        precondition(units >= 0, "an amount is never negative: \(units)")
        self.units = units
    }

    package static func < (lhs: Amount, rhs: Amount) -> Bool { lhs.units < rhs.units }

    /// The sum, or `nil` when it does not fit in 64 bits.
    package func adding(_ other: Amount) -> Amount? {
        let (sum, overflow) = units.addingReportingOverflow(other.units)
        return overflow ? nil : Amount(sum)
    }

    /// The difference, or `nil` when `other` is larger.
    package func subtracting(_ other: Amount) -> Amount? {
        other <= self ? Amount(units - other.units) : nil
    }

    /// The difference, or zero when `other` is larger.
    package func subtractingOrZero(_ other: Amount) -> Amount {
        subtracting(other) ?? .zero
    }
}

extension Amount: CustomStringConvertible {
    package var description: String { String(units) }
}

extension Amount: Codable {
    package init(from decoder: any Decoder) throws {
        let units = try decoder.singleValueContainer().decode(Int64.self)
        guard units >= 0 else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "an amount is not negative",
                )
            )
        }
        self.init(units)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(units)
    }
}
