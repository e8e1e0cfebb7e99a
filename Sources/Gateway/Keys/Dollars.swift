import Foundation
package import Primitives

/// An amount of money as JSON says it: a number, or a decimal text, of US dollars.
///
/// Numbers are read and written digit by digit; no binary fraction comes between.
package struct Dollars: Hashable, Sendable {
    package let amount: Amount

    package init(_ amount: Amount) { self.amount = amount }

    /// All six places: `5.000000`.
    package var text: String { DecimalText.text(amount.units, decimals: 6) }

    /// Reads decimal text such as `5.00`; `nil` for anything else, or more than six places.
    package init?(_ text: String) {
        guard let units = DecimalText.units(of: text, decimals: 6) else { return nil }
        amount = Amount(units)
    }
}

extension Dollars: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text =
            if let text = try? container.decode(String.self) {
                text
            } else {
                "\(try container.decode(Decimal.self))"
            }
        guard let dollars = Dollars(text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "not an amount of dollars",
            )
        }
        self = dollars
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(Decimal(amount.units) / 1_000_000)
    }
}
