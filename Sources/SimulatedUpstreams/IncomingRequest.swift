import NIOCore
import NIOHTTP1

/// A request as it arrives on a connection.
struct IncomingRequest {
    /// Bytes of a body that are kept; the rest of a larger one is dropped and the answer is 413.
    static let mostBodyBytes = 64 << 20

    let head: HTTPRequestHead
    private(set) var body = ByteBuffer()
    private(set) var isTooLarge = false

    init(_ head: HTTPRequestHead) {
        self.head = head
    }

    mutating func append(_ part: ByteBuffer) {
        if body.readableBytes + part.readableBytes > Self.mostBodyBytes {
            isTooLarge = true
        } else if body.readableBytes == 0 {
            body = part
        } else {
            body.writeImmutableBuffer(part)
        }
    }
}
