import Primitives
import Testing

struct DecimalTextTests {
    @Test(arguments: [
        ("5", 6, 5_000_000), ("5.00", 6, 5_000_000), ("0.000001", 6, 1), ("0", 6, 0),
        ("00.5", 6, 500_000), ("1.5", 1, 15), ("7", 0, 7), ("0.000000001", 9, 1),
        ("9223372036854.775807", 6, Int64.max), ("9223372036854775807", 0, .max),
    ])
    func `plain decimals are read exactly`(_ text: String, _ decimals: Int, _ units: Int64) {
        #expect(DecimalText.units(of: text, decimals: decimals) == units)
    }

    @Test(arguments: [
        "", ".", "1.", ".5", "-1", "+1", "1,0", "1e3", " 1", "1 ", "1.2.3", "0x10", "1_000", "NaN",
        "0.0000001", "9223372036854.775808", "9999999999999999999999", "١", "½",
        "1\u{0}", "1.\u{301}5", "--1", "∞",
    ])
    func `junk and what does not fit is refused`(_ text: String) {
        #expect(DecimalText.units(of: text, decimals: 6) == nil)
    }

    @Test(arguments: [
        (Int64(5_000_000), 6, "5.000000"), (1, 6, "0.000001"), (0, 6, "0.000000"), (7, 0, "7"),
        (-1_500_000, 6, "-1.500000"), (-7, 0, "-7"), (.max, 6, "9223372036854.775807"),
        (.min, 6, "-9223372036854.775808"), (123, 1, "12.3"),
    ])
    func `all places are printed`(_ units: Int64, _ decimals: Int, _ text: String) {
        #expect(DecimalText.text(units, decimals: decimals) == text)
    }

    @Test(arguments: [Int64(0), 1, 9, 10, 999_999, 1_000_000, 123_456_789, .max], [0, 1, 6, 9])
    func `what is printed is read back`(_ units: Int64, _ decimals: Int) {
        let text = DecimalText.text(units, decimals: decimals)
        #expect(DecimalText.units(of: text, decimals: decimals) == units)
    }
}
