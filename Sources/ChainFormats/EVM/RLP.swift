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

extension RLP {
    /// How deep lists may lie in each other.
    private static var depth: Int { 8 }

    /// Reads what is written as ``encoded`` writes it: all of it, each length in its shortest form.
    ///
    /// - Returns: `nil` for anything else.
    package init?(_ encoded: [UInt8]) {
        var rest = encoded[...]
        guard let item = RLP.read(&rest, RLP.depth), rest.isEmpty else { return nil }
        self = item
    }

    /// A number that fits; `nil` for a list, and for one with leading zeros.
    package var number: UInt64? {
        guard let bytes, bytes.count <= 8, bytes.first != 0 else { return nil }
        return bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// `nil` for a list.
    package var bytes: [UInt8]? {
        if case .bytes(let bytes) = self { bytes } else { nil }
    }

    private static func read(_ rest: inout ArraySlice<UInt8>, _ depth: Int) -> RLP? {
        guard depth > 0, let first = rest.first else { return nil }
        guard first >= 0x80 else { return .bytes([rest.removeFirst()]) }
        rest.removeFirst()
        let isList = first >= 0xC0
        guard var content = content(&rest, Int(first) - (isList ? 0xC0 : 0x80)) else { return nil }
        guard isList else {
            // A small byte is written as itself.
            guard content.count != 1 || content[content.startIndex] >= 0x80 else { return nil }
            return .bytes(Array(content))
        }
        var items: [RLP] = []
        while !content.isEmpty {
            guard let item = read(&content, depth - 1) else { return nil }
            items.append(item)
        }
        return .list(items)
    }

    /// Takes what has a length: up to 55 itself, beyond it the number of bytes that say it.
    private static func content(_ rest: inout ArraySlice<UInt8>, _ head: Int) -> ArraySlice<UInt8>?
    {
        var count = head
        if head > 55 {
            let digits = rest.prefix(head - 55)
            guard digits.count == head - 55, digits.count < 8, digits.first != 0 else { return nil }
            count = digits.reduce(0) { $0 << 8 | Int($1) }
            guard count > 55 else { return nil }
            rest = rest.dropFirst(digits.count)
        }
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }
}
