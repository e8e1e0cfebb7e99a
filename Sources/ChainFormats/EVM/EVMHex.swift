import Primitives

/// The two ways in which JSON-RPC of EVM chains writes hexadecimal.
///
/// Source: the execution API's "Encoding conventions" (`execution-apis`, `docs/…/encoding`): data has
/// an even number of digits, a quantity has no leading zero.
package enum EVMHex {
    /// Data: `0x` and two digits for each byte, in small letters.
    package static func text(_ bytes: some Sequence<UInt8>) -> String {
        "0x" + Hexadecimal.text(bytes)
    }

    /// A quantity: `0x` and the digits of a number without leading zeros.
    package static func text(quantity: UInt64) -> String {
        "0x" + String(quantity, radix: 16)
    }

    /// - Returns: `nil` for anything that is not data.
    package static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        guard text.hasPrefix("0x") || text.hasPrefix("0X") else { return nil }
        return Hexadecimal.bytes(text.dropFirst(2))
    }

    /// - Returns: `nil` for anything that is not a quantity, or one beyond 64 bits.
    package static func quantity(_ text: some StringProtocol) -> UInt64? {
        let digits = text.utf8.dropFirst(2)
        guard text.hasPrefix("0x"), !digits.isEmpty, digits.count <= 16,
            digits.count == 1 || digits.first != UInt8(ascii: "0"),
            // A number's own reader would take a sign.
            text.dropFirst(2).allSatisfy(\.isHexDigit)
        else { return nil }
        return UInt64(text.dropFirst(2), radix: 16)
    }
}
