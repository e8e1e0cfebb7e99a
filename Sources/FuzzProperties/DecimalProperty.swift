import Gateway
import Primitives

/// Decimal text is read exactly or not at all, and printed as what it was.
///
/// The first byte of an input sets how many places a unit has.
enum DecimalProperty {
    static func check(_ bytes: [UInt8]) throws(BrokenProperty) -> Verdict {
        guard let first = bytes.first else { return .refused }
        let decimals = Int(first % 20)
        let text = String(decoding: bytes.dropFirst(), as: UTF8.self)
        let units = DecimalText.units(of: text, decimals: decimals)
        let expected = plainUnits(text, decimals: decimals)
        try demand(units == expected, "\(text) is read as \(units ?? -1), not \(expected ?? -1)")
        let dollars = plainUnits(text, decimals: 6)
        try demand(Dollars(text)?.amount.units == dollars, "\(text) is read as other dollars")
        guard let units else { return .refused }
        let printed = DecimalText.text(units, decimals: decimals)
        try demand(
            DecimalText.units(of: printed, decimals: decimals) == units,
            "\(units) is printed as \(printed)",
        )
        return .accepted
    }

    /// The units by the digits alone, without any sum of money.
    static func plainUnits(_ text: String, decimals: Int) -> Int64? {
        let parts = text.utf8.split(
            separator: UInt8(ascii: "."),
            omittingEmptySubsequences: false,
        ).map { String(decoding: $0, as: UTF8.self) }
        let areDigits = parts.allSatisfy { part in
            !part.isEmpty && part.utf8.allSatisfy { "0123456789".utf8.contains($0) }
        }
        guard areDigits, parts.count <= 2 else { return nil }
        let fraction = parts.count == 2 ? parts[1] : ""
        guard fraction.utf8.count <= decimals else { return nil }
        let zeros = String(repeating: "0", count: decimals - fraction.utf8.count)
        return Int64(parts[0] + fraction + zeros)
    }
}
