package import NIOCore

/// Bytes that follow each other: small pieces are copied into one, a large one stays as it is.
struct JoinedPieces {
    /// Up to this size, copying is cheaper than sending one piece more.
    private static let copied = 16 << 10

    private var pieces: [ByteBuffer] = []
    /// The small ones since the last large one.
    private var small = ByteBuffer()

    /// - Parameter capacity: how many bytes there will be.
    init(capacity: Int) { small.reserveCapacity(min(capacity, JoinedPieces.copied + 1024)) }

    mutating func append(_ text: String) { small.writeString(text) }

    mutating func append(_ bytes: ByteBuffer) {
        guard bytes.readableBytes > JoinedPieces.copied else {
            small.writeImmutableBuffer(bytes)
            return
        }
        takeSmall()
        pieces.append(bytes)
    }

    /// All bytes, in their order.
    mutating func all() -> [ByteBuffer] {
        takeSmall()
        return pieces
    }

    private mutating func takeSmall() {
        guard small.readableBytes > 0 else { return }
        pieces.append(small)
        small = ByteBuffer()
    }
}

extension [ByteBuffer] {
    /// The pieces as one; a single one is not copied.
    package func joined() -> ByteBuffer {
        guard count != 1 else { return self[0] }
        var joined = ByteBuffer()
        joined.reserveCapacity(reduce(0) { $0 + $1.readableBytes })
        for piece in self { joined.writeImmutableBuffer(piece) }
        return joined
    }
}
