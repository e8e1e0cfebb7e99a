import NIOCore

extension ByteBuffer {
    /// Writes `value` in quotes, with what JSON forbids escaped.
    mutating func writeJSONString(_ value: some StringProtocol) {
        writeInteger(UInt8(ascii: "\""))
        if value.utf8.contains(where: Self.mustEscape) {
            for byte in value.utf8 { writeEscaped(byte) }
        } else {
            writeSubstring(Substring(value))
        }
        writeInteger(UInt8(ascii: "\""))
    }

    /// Writes `"name":`.
    mutating func writeJSONKey(_ name: StaticString) {
        writeInteger(UInt8(ascii: "\""))
        writeStaticString(name)
        writeStaticString("\":")
    }

    mutating func writeNumber(_ number: Int) {
        writeString(String(number))
    }

    /// Writes a count of tokens as honestly as `form` has it.
    mutating func writeTokens(_ tokens: Int, as form: SimulatedUsageForm) {
        switch form {
        case .truthful, .missing, .twice, .decreasing, .null, .everyChunk: writeNumber(tokens)
        case .negative: writeNumber(-Swift.max(tokens, 1))
        case .fractional: writeString("\(tokens).5")
        case .string: writeString("\"\(tokens)\"")
        case .huge: writeNumber(Int.max)
        }
    }

    private static func mustEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func writeEscaped(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): writeStaticString("\\\"")
        case UInt8(ascii: "\\"): writeStaticString("\\\\")
        case UInt8(ascii: "\n"): writeStaticString("\\n")
        case UInt8(ascii: "\r"): writeStaticString("\\r")
        case UInt8(ascii: "\t"): writeStaticString("\\t")
        case 0..<0x20:
            let digits = String(byte, radix: 16)
            writeString("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
        default: writeInteger(byte)
        }
    }
}
