import NIOCore

/// What is still to be written of a request's body, in slices.
struct UnwrittenBody {
    /// How much is written at a time: a write of megabytes keeps the event loop for milliseconds.
    private static let slice = 64 << 10

    private var pieces: ArraySlice<ByteBuffer>

    init(_ pieces: [ByteBuffer] = []) { self.pieces = pieces[...] }

    var isEmpty: Bool { pieces.isEmpty }

    /// The next slice; `nil` at the end.
    mutating func next() -> ByteBuffer? {
        guard let first = pieces.indices.first else { return nil }
        let length = min(UnwrittenBody.slice, pieces[first].readableBytes)
        let slice = pieces[first].readSlice(length: length)
        if pieces[first].readableBytes == 0 { pieces.removeFirst() }
        return slice
    }
}
