/// A number as it stands in JSON.
package struct JSONNumber: Hashable, Sendable {
    /// Its value where it is written as a whole number that fits in 64 bits: `1`, not `1.0`.
    package let integer: Int64?

    package init(integer: Int64?) { self.integer = integer }

    /// Reads digits, with or without a minus before them, whose syntax was checked.
    init(wholeNumber text: UnsafeRawBufferPointer) {
        let isNegative = text.first == UInt8(ascii: "-")
        var value: Int64 = 0
        for digit in text.dropFirst(isNegative ? 1 : 0) {
            // Below zero, where there is one number more.
            let (tens, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, isBeyond) = tens.subtractingReportingOverflow(
                Int64(digit - UInt8(ascii: "0"))
            )
            guard !isTooLarge, !isBeyond else {
                self.init(integer: nil)
                return
            }
            value = sum
        }
        self.init(integer: isNegative ? value : Int64(exactly: -Int128(value)))
    }
}
