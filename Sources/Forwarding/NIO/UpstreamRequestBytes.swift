import HTTPTypes
import NIOCore
import Providers

/// The part of each request to an upstream that never changes.
struct UpstreamRequestTemplate: Sendable {
    private let upstream: Upstream
    private let inference: ByteBuffer
    private let countTokens: ByteBuffer

    /// Up to this size, a body is copied behind its head, so that both are one write.
    private static let copiedBody = 16 << 10

    init(_ upstream: Upstream, at origin: UpstreamOrigin) {
        self.upstream = upstream
        let fields = upstream.dialect.ownHeaders(credential: upstream.credential)
        func begin(_ operation: Dialect.Operation) -> ByteBuffer {
            let path = origin.path + upstream.dialect.path(operation)
            var bytes = ByteBuffer(
                string: "POST \(path) HTTP/1.1\r\nhost: \(origin.hostField)\r\n"
            )
            for field in fields { bytes.write(field) }
            return bytes
        }
        inference = begin(.inference)
        countTokens = begin(.countTokens)
    }

    func bytes(of request: UpstreamRequest) -> UpstreamRequestBytes {
        let start =
            switch request.operation {
            case .inference: inference
            case .countTokens: countTokens
            }
        let length = request.length
        let isCopied = length <= UpstreamRequestTemplate.copiedBody
        var head = ByteBufferAllocator().buffer(
            capacity: start.readableBytes + 256 + (isCopied ? length : 0)
        )
        head.writeImmutableBuffer(start)
        for field in upstream.dialect.relayedHeaders(agent: request.agentHeaders) {
            head.write(field)
        }
        head.writeStaticString("content-length: ")
        head.writeString(String(length))
        head.writeStaticString("\r\n\r\n")
        guard isCopied else { return UpstreamRequestBytes(first: head, rest: request.pieces) }
        for piece in request.pieces { head.writeImmutableBuffer(piece) }
        return UpstreamRequestBytes(first: head, rest: [])
    }
}

/// A request as it goes over the wire: its head, with a body that is small, and what follows.
struct UpstreamRequestBytes: Sendable {
    let first: ByteBuffer
    let rest: [ByteBuffer]
}

extension ByteBuffer {
    /// A header's line; neither a name nor a value can hold a line's end.
    fileprivate mutating func write(_ field: HTTPField) {
        writeString(field.name.rawName)
        writeStaticString(": ")
        writeString(field.value)
        writeStaticString("\r\n")
    }
}
