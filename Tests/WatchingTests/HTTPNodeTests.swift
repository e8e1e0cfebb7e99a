import AsyncHTTPClient
import NIOCore
import NIOPosix
import Testing

@testable import Watching

/// The client against a real server; none ever lets it wait without an end.
@Suite(.timeLimit(.minutes(5))) struct HTTPNodeTests {
    @Test(arguments: SlowServer.Manner.allCases)
    func `a node that does not come to an end with its answer is given up`(
        _ manner: SlowServer.Manner
    ) async throws {
        try await SlowServer.run(manner) { port in
            let client = HTTPClient(eventLoopGroupProvider: .singleton)
            let node = HTTPNode(
                "http://127.0.0.1:\(port)/",
                client: client,
                clock: ContinuousClock(),
                timeout: .milliseconds(300),
            )
            await #expect(throws: RPCFailure.timedOut) {
                try await node.call("eth_chainId", [], as: String.self)
            }
            try await client.shutdown()
        }
    }
}

/// A server that answers as slowly as its manner is.
enum SlowServer {
    enum Manner: CaseIterable {
        /// Reads the question, and says nothing.
        case silent
        /// Says how long its answer is, and begins it.
        case stops
        /// Says a blank of its answer now and then.
        case drips
    }

    /// Listens while `test` runs, which is told the port.
    static func run(_ manner: Manner, test: (Int) async throws -> Void) async throws {
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Answerer(manner))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            try await test(server.localAddress?.port ?? 0)
        } catch {
            try await server.close()
            throw error
        }
        try await server.close()
    }

    private final class Answerer: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let manner: Manner
        private var drip: RepeatedTask?

        init(_ manner: Manner) { self.manner = manner }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard manner != .silent, drip == nil else { return }
            let head = "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n{"
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: head)), promise: nil)
            guard manner == .drips else { return }
            let channel = context.channel
            let pause = TimeAmount.milliseconds(20)
            drip = context.eventLoop.scheduleRepeatedTask(initialDelay: pause, delay: pause) { _ in
                channel.writeAndFlush(ByteBuffer(string: " "), promise: nil)
            }
        }

        func channelInactive(context: ChannelHandlerContext) { drip?.cancel() }
    }
}
