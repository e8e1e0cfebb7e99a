/// Base58 as Bitcoin and Solana write it: no 0, O, I or l; a leading zero byte is a leading 1.
package enum Base58 {
    private static let digits = Array(
        "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz".utf8
    )
    private static let values: [UInt8: UInt8] = Dictionary(
        uniqueKeysWithValues: digits.enumerated().map { ($1, UInt8($0)) }
    )
    /// The most that is read or written; the work grows with the square of the length.
    private static let longest = 256

    /// - Precondition: no more than 256 bytes.
    package static func text(_ bytes: some Collection<UInt8>) -> String {
        precondition(bytes.count <= longest, "Base58 is for keys and signatures")
        var numerals: [UInt8] = []
        for byte in bytes {
            var carry = Int(byte)
            for place in numerals.indices {
                carry += Int(numerals[place]) << 8
                numerals[place] = UInt8(carry % 58)
                carry /= 58
            }
            while carry > 0 {
                numerals.append(UInt8(carry % 58))
                carry /= 58
            }
        }
        let zeros = bytes.prefix { $0 == 0 }.count
        let text =
            repeatElement(digits[0], count: zeros) + numerals.reversed().map { digits[Int($0)] }
        return String(decoding: text, as: UTF8.self)
    }

    /// - Returns: exactly `count` bytes; `nil` for a text of any other number of them, or that is not
    ///   Base58.
    package static func bytes(_ text: some StringProtocol, count: Int) -> [UInt8]? {
        guard let bytes = bytes(text), bytes.count == count else { return nil }
        return bytes
    }

    /// - Returns: `nil` for what is not Base58, or more than 256 bytes.
    package static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        // Each byte takes fewer than two digits.
        guard text.utf8.count <= 2 * longest else { return nil }
        var bytes: [UInt8] = []
        for character in text.utf8 {
            guard let value = values[character] else { return nil }
            var carry = Int(value)
            for place in bytes.indices {
                carry += Int(bytes[place]) * 58
                bytes[place] = UInt8(carry & 0xFF)
                carry >>= 8
            }
            if carry > 0 { bytes.append(UInt8(carry)) }
        }
        let zeros = text.utf8.prefix { $0 == digits[0] }.count
        guard zeros + bytes.count <= longest else { return nil }
        return repeatElement(0, count: zeros) + bytes.reversed()
    }
}
