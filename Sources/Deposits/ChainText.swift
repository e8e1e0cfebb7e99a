import Primitives

/// How texts that a chain names things by are spelled in the books.
package enum ChainText {
    /// The longest signature of a Solana transaction, 64 bytes in base58.
    static let longestSignature = 88

    /// A transaction's hash or signature as it is kept.
    ///
    /// 64 bytes in base58 have at least 64 characters; one of exactly 64 would be nothing but
    /// zeros, and is refused so that hexadecimal without its `0x` is never taken for base58.
    package static func transaction(_ text: String) -> String? {
        hexadecimal(text, bytes: 32) ?? base58(text, 65...longestSignature)
    }

    /// An address as it is kept.
    static func address(_ text: String) -> String? {
        hexadecimal(text, bytes: 20) ?? base58(text, 32...44)
    }

    /// A block's hash as it is kept.
    static func blockHash(_ text: String) -> String? {
        hexadecimal(text, bytes: 32) ?? base58(text, 32...44)
    }

    /// So many bytes behind `0x`, in lower case.
    private static func hexadecimal(_ text: String, bytes: Int) -> String? {
        let (start, digits) = (text.utf8.prefix(2), text.utf8.dropFirst(2))
        guard digits.count == 2 * bytes,
            start.elementsEqual("0x".utf8)
                || start.elementsEqual("0X".utf8),
            let read = Hexadecimal.bytes(Substring(digits))
        else { return nil }
        return "0x\(Hexadecimal.text(read))"
    }

    /// Letters and digits without `0`, `O`, `I` and `l`.
    private static func base58(_ text: String, _ lengths: ClosedRange<Int>) -> String? {
        let isBase58 =
            lengths.contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0"), UInt8(ascii: "O"), UInt8(ascii: "I"), UInt8(ascii: "l"):
                    false
                case UInt8(ascii: "1")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"):
                    true
                case _: false
                }
            }
        return isBase58 ? text : nil
    }

    /// What somebody wrote on a chain, as it may stand in the books: printable ASCII, at most so
    /// many bytes; every other byte becomes a question mark, which no code of ours has.
    package static func quoted(_ text: String, longest: Int) -> String {
        let printable = UInt8(ascii: " ")...UInt8(ascii: "~")
        let bytes = text.utf8.prefix(longest).map { byte in
            printable.contains(byte) ? byte : UInt8(ascii: "?")
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
