import NIOCore
import NIOPosix

/// Everything a server sent on one connection, and how the connection ended.
struct RawReply {
    enum Ending {
        case closed
        case reset
        /// The client left.
        case left
    }

    var text = ""
    var ending = Ending.closed
}

/// Sends bytes and reads what comes, without any idea of HTTP.
enum RawClient {
    /// Reads until the server ends the connection, or until the text `leavingAfter` was read.
    static func send(
        _ text: String,
        port: Int,
        leavingAfter: String? = nil,
    ) async throws -> RawReply {
        let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel
                    )
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: text))
            return await read(inbound, leavingAfter: leavingAfter)
        }
    }

    private static func read(
        _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>,
        leavingAfter: String?,
    ) async -> RawReply {
        var reply = RawReply()
        do {
            for try await part in inbound {
                reply.text += String(buffer: part)
                if let leavingAfter, reply.text.contains(leavingAfter) {
                    reply.ending = .left
                    return reply
                }
            }
        } catch {
            reply.ending = .reset
        }
        return reply
    }

    /// A chat request as it goes over the wire.
    static func chat(
        _ simulate: String,
        more: String = "",
        connection: String = "keep-alive",
    ) -> String {
        let body = TestClient.body(more)
        return """
            POST /v1/chat/completions HTTP/1.1\r
            host: simulated\r
            authorization: Bearer sk-test\r
            x-simulate: \(simulate)\r
            connection: \(connection)\r
            content-length: \(body.utf8.count)\r
            \r
            \(body)
            """
    }
}
