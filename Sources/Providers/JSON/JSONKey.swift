/// A string as it stands in JSON, unescaped only when somebody asks.
///
/// It does not outlive the bytes that it was read from.
package struct JSONKey {
    /// The bytes between the quotes.
    let raw: UnsafeRawBufferPointer
    /// How many bytes of UTF-8 it has, unescaped.
    package let length: Int

    /// The string, unescaped.
    package var text: String {
        length == raw.count ? String(decoding: raw, as: UTF8.self) : unescaped
    }

    package static func ~= (pattern: StaticString, key: JSONKey) -> Bool {
        guard key.length == pattern.utf8CodeUnitCount else { return false }
        guard key.length == key.raw.count else { return key.text == pattern.description }
        return key.raw.elementsEqual(
            UnsafeBufferPointer(start: pattern.utf8Start, count: pattern.utf8CodeUnitCount)
        )
    }

    /// Whether it is ASCII without escapes, so that its bytes alone say what it is.
    var isPlain: Bool { length == raw.count && raw.allSatisfy { $0 < 0x80 } }

    func hasSameBytes(as other: JSONKey) -> Bool {
        raw.count == other.raw.count && raw.elementsEqual(other.raw)
    }

    /// Whether the string, as it stands, begins with `prefix`.
    package func hasPrefix(_ prefix: StaticString) -> Bool {
        raw.starts(
            with: UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount)
        )
    }

    private var unescaped: String {
        var utf8: [UInt8] = []
        utf8.reserveCapacity(length)
        var index = 0
        while index < raw.count {
            guard raw[index] == UInt8(ascii: "\\") else {
                utf8.append(raw[index])
                index += 1
                continue
            }
            index += 1
            switch raw[index] {
            case UInt8(ascii: "b"): utf8.append(0x08)
            case UInt8(ascii: "f"): utf8.append(0x0C)
            case UInt8(ascii: "n"): utf8.append(0x0A)
            case UInt8(ascii: "r"): utf8.append(0x0D)
            case UInt8(ascii: "t"): utf8.append(0x09)
            case UInt8(ascii: "u"):
                let (scalar, digits) = scalar(at: index + 1)
                utf8.append(contentsOf: Array(String(Character(scalar)).utf8))
                index += digits
            case let byte: utf8.append(byte)
            }
            index += 1
        }
        return String(decoding: utf8, as: UTF8.self)
    }

    /// The scalar of the four hexadecimal digits at `index`, or of the pair that starts there, and
    /// how many bytes it takes.
    ///
    /// The cursor has checked the syntax.
    private func scalar(at index: Int) -> (Unicode.Scalar, Int) {
        func unit(_ start: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 << 4 | (hexadecimalDigit(raw[start + $1]) ?? 0) }
        }
        let high = unit(index)
        guard (0xD800..<0xDC00).contains(high) else {
            return (Unicode.Scalar(high) ?? "\u{FFFD}", 4)
        }
        let joined = 0x10000 + (high - 0xD800) << 10 + (unit(index + 6) - 0xDC00)
        return (Unicode.Scalar(joined) ?? "\u{FFFD}", 10)
    }
}
