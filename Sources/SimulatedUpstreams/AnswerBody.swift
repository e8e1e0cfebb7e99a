import NIOCore

/// A body before it is framed: its bytes and where its events end.
struct AnswerBody {
    let dialect: Dialect
    var status = 200
    var contentType = "application/json"
    var headers: [(String, String)] = []
    /// Whether the body is sent in chunks, as streams are.
    var isStream = false
    /// The content length to announce when it is not the true one.
    var declaredLength: Int?
    private(set) var bytes = ByteBuffer()
    /// The index after each event; a whole body is one event.
    private(set) var ends: [Int] = []

    init(_ dialect: Dialect) {
        self.dialect = dialect
    }

    /// A stream of server-sent events with none yet.
    static func stream(_ dialect: Dialect) -> AnswerBody {
        var body = AnswerBody(dialect)
        body.isStream = true
        body.contentType =
            dialect == .openAI ? "text/event-stream; charset=utf-8" : "text/event-stream"
        body.headers = [("cache-control", "no-cache")]
        return body
    }

    /// Appends what `write` writes as one event.
    mutating func append(_ write: (inout ByteBuffer) -> Void) {
        write(&bytes)
        ends.append(bytes.writerIndex)
    }

    /// Keeps the first `count` events.
    mutating func keep(_ count: Int) {
        ends = Array(ends.prefix(count))
        bytes.moveWriterIndex(to: ends.last ?? 0)
    }

    /// Puts `event` after the first `count` events.
    mutating func insert(_ event: ByteBuffer, after count: Int) {
        let place = min(count, ends.count)
        let start = place == 0 ? 0 : ends[place - 1]
        var joined = ByteBuffer()
        joined.reserveCapacity(bytes.readableBytes + event.readableBytes)
        joined.writeImmutableBuffer(bytes.slice(0..<start))
        joined.writeImmutableBuffer(event)
        joined.writeImmutableBuffer(bytes.slice(start..<bytes.writerIndex))
        bytes = joined
        let size = event.readableBytes
        ends = ends[..<place] + [start + size] + ends[place...].map { $0 + size }
    }

    /// Replaces everything by one event.
    mutating func replace(by content: ByteBuffer) {
        bytes = content
        ends = [content.writerIndex]
    }

    /// Where the pieces to be flushed end: at the events, or every `size` bytes.
    func cuts(every size: Int?) -> [Int] {
        guard let size else { return ends }
        return stride(from: 0, to: bytes.writerIndex, by: size).map {
            bytes.writerIndex - $0 > size ? $0 + size : bytes.writerIndex
        }
    }
}

extension ByteBuffer {
    /// The bytes in `range`, which must be written already.
    func slice(_ range: Range<Int>) -> ByteBuffer {
        guard let slice = getSlice(at: range.lowerBound, length: range.count) else {
            preconditionFailure("a slice lies within the written bytes")
        }
        return slice
    }
}
