import Primitives
import Testing

struct HexadecimalTests {
    @Test func `every byte is printed in lower case and read back`() {
        let bytes = Array(UInt8.min...UInt8.max)
        let text = Hexadecimal.text(bytes)
        #expect(text.hasPrefix("000102") && text.hasSuffix("fdfeff"))
        #expect(Hexadecimal.bytes(text) == bytes)
        #expect(Hexadecimal.bytes(text.uppercased()) == bytes)
    }

    @Test(arguments: ["0", "0g", "abc", " 00", "0x00", "００", "é"])
    func `anything else is refused`(_ text: String) {
        #expect(Hexadecimal.bytes(text) == nil)
    }

    @Test func `no digits are no bytes`() { #expect(Hexadecimal.bytes("") == []) }
}
