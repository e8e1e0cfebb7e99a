/// Recursive Length Prefix, which transactions are written in.
///
/// Source: the yellow paper, appendix B.
package indirect enum RLP: Hashable, Sendable {
    case bytes([UInt8])
    case list([RLP])

    /// A number: its bytes without leading zeros, so zero is no bytes.
    package static func number(_ number: UInt64) -> RLP {
        let bytes = withUnsafeBytes(of: number.bigEndian) { Array($0) }
        return .bytes(Array(bytes.drop { $0 == 0 }))
    }

    /// The same of a number of 256 bits.
    package static func number(_ word: some Collection<UInt8>) -> RLP {
        .bytes(Array(word.drop { $0 == 0 }))
    }

    package var encoded: [UInt8] {
        switch self {
        case .bytes(let bytes) where bytes.count == 1 && bytes[0] < 0x80: return bytes
        case .bytes(let bytes): return RLP.head(bytes.count, 0x80) + bytes
        case .list(let items):
            let content = items.flatMap(\.encoded)
            return RLP.head(content.count, 0xC0) + content
        }
    }

    private static func head(_ count: Int, _ offset: UInt8) -> [UInt8] {
        guard count > 55 else { return [offset + UInt8(count)] }
        let length = withUnsafeBytes(of: UInt64(count).bigEndian) { Array($0.drop { $0 == 0 }) }
        return [offset + 55 + UInt8(length.count)] + length
    }
}
