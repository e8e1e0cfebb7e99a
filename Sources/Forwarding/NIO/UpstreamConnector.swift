import NIOCore
import NIOPosix
import NIOSSL

/// Makes connections to one upstream.
struct UpstreamConnector: Sendable {
    let origin: UpstreamOrigin
    /// Where the upstream is reached by TLS.
    let tls: NIOSSLContext?
    let settings: NIOTransport.Settings

    private static let allocator = AdaptiveRecvByteBufferAllocator(
        minimum: 1 << 10,
        initial: 4 << 10,
        maximum: 32 << 10,
    )

    /// Tries to connect, agree on TLS and check the certificate, all within the connect timeout.
    func connect(_ attempt: ConnectionAttempt, for pool: ConnectionPool, on loop: any EventLoop) {
        let limit = TimeAmount(settings.connectTimeout)
        attempt.adopt(loop.scheduleTask(in: limit) { attempt.fail(ForwardingError.timedOut) })
        ClientBootstrap(group: loop)
            // The attempt's own timer ends it; this one ends what is left of a name's addresses.
            .connectTimeout(limit + .seconds(1))
            .channelOption(.autoRead, value: false)
            // What a stalled reader keeps in memory is two reads at most, so a read is small.
            .channelOption(.maxMessagesPerRead, value: 1)
            .channelOption(.recvAllocator, value: UpstreamConnector.allocator)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try add(to: channel, attempt, pool) }
            }
            .connect(host: origin.host, port: origin.port)
            .whenFailure { attempt.fail(ForwardingError.translating(connecting: $0)) }
    }

    private func add(
        to channel: any Channel,
        _ attempt: ConnectionAttempt,
        _ pool: ConnectionPool,
    ) throws {
        guard attempt.adopt(channel) else { throw CancellationError() }
        if let tls {
            let handler = try NIOSSLClientHandler(
                context: tls,
                serverHostname: origin.serverName,
            )
            try channel.pipeline.syncOperations.addHandler(handler)
        }
        let connection = UpstreamConnection(
            pool,
            for: attempt,
            isSecure: tls != nil,
            idle: TimeAmount(settings.idleTimeout),
        )
        try UpstreamConnection.add(connection, to: channel, headLimit: settings.headLimit)
    }
}

extension ForwardingError {
    /// What it means that a connection could not be made.
    static func translating(connecting error: any Error) -> ForwardingError {
        switch error {
        case ChannelError.connectTimeout: timedOut
        case _: unreachable
        }
    }
}
