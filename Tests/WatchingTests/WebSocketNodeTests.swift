import GatewayTestKit
import NIOSSL
import Primitives
import Testing

@testable import Watching

/// The client against real servers; none of them ever lets it wait without an end.
@Suite(.timeLimit(.minutes(5))) struct WebSocketNodeTests {
    private func node(
        _ url: String,
        trust: NIOSSLTrustRoots = .default,
        within connecting: Duration = .seconds(200),
    ) throws -> WebSocketNode {
        var limits = WebSocketNode.Limits()
        limits.connecting = connecting
        limits.trustRoots = trust
        return try #require(
            WebSocketNode(url, random: SeededRandom(seed: 1).source, limits: limits)
        )
    }

    /// Listens until something is heard.
    private func hear(_ node: WebSocketNode) async throws {
        let (heard, hearing) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await node.listen(["question"], every: .seconds(60), clock: ContinuousClock()) {
                    hearing.yield()
                }
            }
            group.addTask { for await _ in heard { return } }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    @Test(arguments: ["ws", "wss"])
    func `a server that takes the connection and says nothing is given up`(
        scheme: String
    ) async throws {
        try await WebSocketServer.run(.silent) { port in
            let node = try node("\(scheme)://127.0.0.1:\(port)/", within: .milliseconds(200))
            await #expect(throws: RPCFailure.unreachable) { try await hear(node) }
        }
    }

    @Test func `a node that vanishes after the upgrade is noticed`() async throws {
        try await WebSocketServer.run(.mute) { port in
            let node = try node("ws://127.0.0.1:\(port)/")
            await #expect(throws: RPCFailure.timedOut) {
                try await node.listen(
                    ["question"],
                    every: .milliseconds(100),
                    clock: ContinuousClock(),
                    heard: {},
                )
            }
        }
    }

    @Test(arguments: ["localhost", "127.0.0.1"])
    func `a node with a good certificate is heard`(host: String) async throws {
        let own = try OwnCertificate()
        try await WebSocketServer.run(.talks, tls: own.server) { port in
            try await hear(try node("wss://\(host):\(port)/?key=x", trust: own.trust))
        }
    }

    @Test func `a node with a stranger's certificate is not asked`() async throws {
        let (own, strangers) = (try OwnCertificate(), try OwnCertificate())
        try await WebSocketServer.run(.talks, tls: own.server) { port in
            for trust in [strangers.trust, .default] {
                let node = try node("wss://127.0.0.1:\(port)/", trust: trust)
                await #expect(throws: RPCFailure.unreachable) { try await hear(node) }
            }
        }
    }
}
