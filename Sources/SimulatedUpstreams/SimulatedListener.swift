import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// The listening socket and its connections.
final class SimulatedListener: Sendable {
    private struct Sockets {
        var binding: EventLoopFuture<any Channel>?
        var connections: [ObjectIdentifier: any Channel] = [:]
        var isStopped = false
    }

    private let sockets = Mutex(Sockets())
    private let host: String
    private let port: Int
    private let group: any EventLoopGroup
    private let state: SimulatorState

    init(host: String, port: Int, group: any EventLoopGroup, state: SimulatorState) {
        self.host = host
        self.port = port
        self.group = group
        self.state = state
    }

    /// Binds the first time, returns the bound port every time.
    func start() async throws -> Int {
        let binding = sockets.withLock { sockets in
            if let binding = sockets.binding { return binding }
            let binding = bootstrap().bind(host: host, port: port)
            sockets.binding = binding
            return binding
        }
        return try await binding.get().localAddress?.port ?? port
    }

    /// Closes the listening socket, then every connection.
    func stop() async {
        let binding = sockets.withLock { sockets in
            sockets.isStopped = true
            return sockets.binding
        }
        // Whoever was told that binding or closing failed has nothing left to close.
        try? await binding?.get().close().get()
        let connections = sockets.withLock { Array($0.connections.values) }
        for connection in connections { try? await connection.close().get() }
    }

    private func bootstrap() -> ServerBootstrap {
        ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { [self] channel in
                adopt(channel)
                return channel.eventLoop.makeCompletedFuture {
                    let decoder = ByteToMessageHandler(HTTPRequestDecoder())
                    try channel.pipeline.syncOperations.addHandler(decoder)
                    try channel.pipeline.syncOperations.addHandler(ConnectionHandler(state))
                }
            }
    }

    private func adopt(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        let isStopped = sockets.withLock { sockets in
            sockets.connections[id] = channel
            return sockets.isStopped
        }
        channel.closeFuture.whenComplete { [self] _ in
            sockets.withLock { $0.connections[id] = nil }
        }
        if isStopped { channel.close(promise: nil) }
    }
}
