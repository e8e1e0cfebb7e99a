import NIOCore
import NIOHTTP1
import NIOPosix
package import NIOSSL
import NIOWebSocket
package import Primitives

/// A node that tells when something happens, over a WebSocket (RFC 6455).
///
/// What it tells is a hint to look and nothing more, so frames are counted and not read.
package struct WebSocketNode: Sendable {
    /// Where it is; the target may hold a key of the node's operator and is never logged.
    private let host: String
    private let port: Int
    private let target: String
    private let isSecure: Bool
    private let random: RandomSource
    private let limits: Limits

    /// What a connection may take, and whom it trusts.
    package struct Limits: Sendable {
        /// For the address, the connection, TLS and the upgrade, each.
        package var connecting = Duration.seconds(10)
        /// Who may sign the node's certificate.
        package var trustRoots = NIOSSLTrustRoots.default

        package init() {}
    }

    private static let largestFrame = 1 << 20

    /// - Returns: `nil` for what is no `ws` or `wss` URL.
    package init?(_ url: String, random: RandomSource, limits: Limits = Limits()) {
        guard let end = url.firstRange(of: "://"), !url.utf8.contains(UInt8(ascii: "@")) else {
            return nil
        }
        let (scheme, rest) = (url[..<end.lowerBound], url[end.upperBound...])
        guard scheme == "ws" || scheme == "wss" else { return nil }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
        isSecure = scheme == "wss"
        guard let host = parts.first, !host.isEmpty, parts.count <= 2,
            let port = parts.count == 2 ? Int(parts[1]) : isSecure ? 443 : 80,
            (1...65_535).contains(port)
        else { return nil }
        let path = rest[authority.endIndex...]
        (self.host, self.port) = (String(host), port)
        target = path.hasPrefix("/") ? String(path) : "/\(path)"
        self.random = random
        self.limits = limits
    }

    private typealias Frames = NIOAsyncChannel<WebSocketFrame, WebSocketFrame>

    /// Connects, sends each of `texts`, and calls `heard` for every message, until the connection ends.
    ///
    /// Every `interval` the node has to show that it is there.
    ///
    /// - Throws: ``RPCFailure`` where it can not be reached, is no WebSocket, or falls silent.
    package func listen(
        _ texts: [String],
        every interval: Duration,
        clock: any Clock<Duration>,
        heard: @escaping @Sendable () -> Void,
    ) async throws {
        let frames = try await connect()
        let isAlive = Liveness()
        try await frames.executeThenClose { inbound, outbound in
            for text in texts {
                try await outbound.write(frame(.text, ByteBuffer(string: text)))
            }
            try await withThrowingTaskGroup { group in
                group.addTask {
                    for try await frame in inbound {
                        isAlive.note()
                        switch frame.opcode {
                        case .text, .binary, .continuation: heard()
                        case .ping: try await outbound.write(self.frame(.pong, frame.unmaskedData))
                        case .connectionClose: throw RPCFailure.unreachable
                        default: continue
                        }
                    }
                    throw RPCFailure.unreachable
                }
                group.addTask {
                    while true {
                        try await clock.sleep(for: interval)
                        guard isAlive.takeNote() else { throw RPCFailure.timedOut }
                        try await outbound.write(self.frame(.ping, ByteBuffer()))
                    }
                }
                defer { group.cancelAll() }
                try await group.next()
            }
        }
    }

    private func frame(_ opcode: WebSocketOpcode, _ data: ByteBuffer) -> WebSocketFrame {
        // Four bytes, which the random source gives.
        let mask = WebSocketMaskingKey(random.bytes(4)) ?? [0, 0, 0, 0]
        return WebSocketFrame(fin: true, opcode: opcode, maskKey: mask, data: data)
    }

    private func connect() async throws -> Frames {
        do {
            let upgraded: EventLoopFuture<Frames?> = try await ClientBootstrap(
                group: MultiThreadedEventLoopGroup.singleton
            )
            .connectTimeout(TimeAmount(limits.connecting))
            .connect(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let upgraded = try upgrade(channel)
                    // One that takes the connection and then says nothing would be waited for for ever.
                    let end = channel.eventLoop.scheduleTask(in: TimeAmount(limits.connecting)) {
                        channel.close(promise: nil)
                    }
                    upgraded.whenComplete { _ in end.cancel() }
                    return upgraded
                }
            }
            guard let frames = try await upgraded.get() else {
                throw RPCFailure.malformed(method: "WebSocket")
            }
            return frames
        } catch let failure as RPCFailure {
            throw failure
        } catch {
            throw RPCFailure.unreachable
        }
    }

    private func upgrade(_ channel: any Channel) throws -> EventLoopFuture<Frames?> {
        if isSecure {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = limits.trustRoots
            configuration.shutdownTimeout = .zero
            let context = try NIOSSLContext(configuration: configuration)
            // An address has no name to be told; the certificate is compared with it all the same.
            let isAddress = (try? SocketAddress(ipAddress: host, port: port)) != nil
            let name = isAddress ? nil : host
            let handler = try NIOSSLClientHandler(context: context, serverHostname: name)
            try channel.pipeline.syncOperations.addHandler(handler)
        }
        let upgrader = NIOTypedWebSocketClientUpgrader<Frames?>(
            maxFrameSize: WebSocketNode.largestFrame,
            upgradePipelineHandler: { channel, _ in
                channel.eventLoop.makeCompletedFuture {
                    try Frames(wrappingChannelSynchronously: channel)
                }
            },
        )
        let name = port == (isSecure ? 443 : 80) ? host : "\(host):\(port)"
        let configuration = NIOTypedHTTPClientUpgradeConfiguration<Frames?>(
            upgradeRequestHead: HTTPRequestHead(
                version: .http1_1,
                method: .GET,
                uri: target,
                headers: ["host": name],
            ),
            upgraders: [upgrader],
            notUpgradingCompletionHandler: { channel in
                channel.close(promise: nil)
                return channel.eventLoop.makeSucceededFuture(nil)
            },
        )
        return try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(
            configuration: .init(upgradeConfiguration: configuration)
        )
    }
}
