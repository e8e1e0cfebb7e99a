/// Exact conversion between decimal text and whole numbers of a smallest unit.
package enum DecimalText {
    /// Parses `text` ("5", "5.00", "0.000001") into units of 10^-`decimals`.
    ///
    /// - Returns: `nil` when the text is not plain digits with at most one point, is negative, has
    ///   more places than the unit, or does not fit in 64 bits.
    package static func units(of text: some StringProtocol, decimals: Int) -> Int64? {
        let parts = Array(text.utf8).split(
            separator: UInt8(ascii: "."),
            maxSplits: 1,
            omittingEmptySubsequences: false,
        )
        guard let whole = parts.first, !whole.isEmpty else { return nil }
        let fraction = parts.count == 2 ? parts[1] : []
        guard parts.count == 1 || !fraction.isEmpty, fraction.count <= decimals else { return nil }
        var units: Int64 = 0
        let padding = repeatElement(UInt8(ascii: "0"), count: decimals - fraction.count)
        for digit in whole + fraction + padding {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            let (shifted, overflowed) = units.multipliedReportingOverflow(by: 10)
            let (sum, wrapped) = shifted.addingReportingOverflow(Int64(digit - UInt8(ascii: "0")))
            guard !overflowed, !wrapped else { return nil }
            units = sum
        }
        return units
    }

    /// Prints `units` of 10^-`decimals` with all places: 5000000 and 6 give "5.000000".
    package static func text(_ units: Int64, decimals: Int) -> String {
        let digits = String(units.magnitude)
        let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        let point = padded.index(padded.endIndex, offsetBy: -decimals)
        let sign = units < 0 ? "-" : ""
        return decimals == 0 ? sign + digits : "\(sign)\(padded[..<point]).\(padded[point...])"
    }
}
