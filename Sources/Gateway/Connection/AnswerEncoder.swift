package import HTTPTypes
package import NIOCore
import NIOHTTP1

/// Writes answers as HTTP/1.1 (RFC 9112), one after the other.
///
/// The head waits for the first bytes of the body, so that both go out as one.
package struct AnswerEncoder {
    private enum Framing { case none, length, chunks, untilClose }

    /// Bodies up to this size are copied to what goes out with them; larger ones are sent as they are.
    private static let copied = 16 << 10

    private var framing = Framing.none
    /// What goes out before the next bytes.
    private var pending = ByteBuffer()

    package init() {}

    /// Whether the answer has no length: each part of it is sent as it comes.
    package var isStream: Bool { framing == .chunks || framing == .untilClose }

    /// Begins an answer.
    ///
    /// Without a length it is sent in chunks; to HTTP/1.0, which knows none, until the connection
    /// ends.
    package mutating func begin(
        _ response: HTTPResponse,
        to method: HTTPRequest.Method,
        inChunks: Bool = true,
    ) {
        let hasBody = method != .head && response.status.code != 204 && response.status.code != 304
        if !hasBody {
            framing = .none
        } else {
            let hasLength = response.headerFields[.contentLength] != nil
            framing = hasLength ? .length : inChunks ? .chunks : .untilClose
        }
        pending = ByteBuffer()
        pending.reserveCapacity(1024)
        pending.writeString("HTTP/1.1 ")
        let status = HTTPResponseStatus(statusCode: response.status.code)
        pending.writeString(String(status.code))
        pending.writeString(" ")
        pending.writeString(status.reasonPhrase)
        pending.writeString("\r\n")
        for field in response.headerFields {
            pending.writeString(field.name.rawName)
            pending.writeString(": ")
            pending.writeString(field.value)
            pending.writeString("\r\n")
        }
        pending.writeString(framing == .chunks ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n")
    }

    /// The bytes to send for a part of the body.
    package mutating func encode(_ bytes: ByteBuffer) -> [ByteBuffer] {
        guard framing != .none, bytes.readableBytes > 0 else { return [] }
        if framing == .chunks {
            pending.writeString(String(bytes.readableBytes, radix: 16))
            pending.writeString("\r\n")
        }
        var bytes = bytes
        var pieces: [ByteBuffer] = []
        if bytes.readableBytes <= AnswerEncoder.copied {
            pending.writeBuffer(&bytes)
        } else {
            pieces = [takePending(), bytes]
        }
        if framing == .untilClose { return pieces + [takePending()] }
        guard framing == .chunks else { return pieces }
        pending.writeString("\r\n")
        return pieces + [takePending()]
    }

    /// The bytes that end the answer.
    package mutating func end() -> ByteBuffer {
        if framing == .chunks { pending.writeString("0\r\n\r\n") }
        framing = .none
        return takePending()
    }

    private mutating func takePending() -> ByteBuffer {
        defer { pending = ByteBuffer() }
        return pending
    }
}
