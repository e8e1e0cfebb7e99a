/// A length as Solana's wire format writes it: seven bits a byte, the lowest first, three bytes at most.
///
/// Source: `short_vec` of Solana's SDK. A length that could be shorter is refused there and here.
enum CompactLength {
    static func encoded(_ length: UInt16) -> [UInt8] {
        var (rest, bytes) = (length, [UInt8]())
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    /// Takes a length from the front of `bytes`; `nil` where there is none.
    static func take(_ bytes: inout ArraySlice<UInt8>) -> Int? {
        var length = 0
        for place in 0..<3 {
            guard let byte = bytes.popFirst() else { return nil }
            length |= Int(byte & 0x7F) << (7 * place)
            guard byte & 0x80 == 0 else { continue }
            let couldBeShorter = place > 0 && byte == 0
            return couldBeShorter || length > UInt16.max ? nil : length
        }
        return nil
    }
}
