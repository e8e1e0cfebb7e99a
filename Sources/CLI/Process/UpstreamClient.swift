import AsyncHTTPClient
import Forwarding

/// Which client asks the upstreams.
enum UpstreamClient: String, CaseIterable, Sendable {
    case nio
    case asyncHTTPClient = "async-http-client"
}

/// The transport of a running gateway, and how it is ended.
struct OwnedTransport {
    let transport: any UpstreamTransport
    /// Closes all connections; nothing is sent afterwards.
    let shutdown: @Sendable () async throws -> Void

    init(_ settings: ServeSettings) {
        switch settings.client {
        case .nio:
            let transport = NIOTransport(
                upstreams: settings.upstreams,
                settings: NIOTransport.Settings(
                    connectTimeout: settings.connectTimeout,
                    connections: settings.connections,
                ),
            )
            self.transport = transport
            shutdown = { await transport.shutdown() }
        case .asyncHTTPClient:
            let client = HTTPClient(
                eventLoopGroupProvider: .singleton,
                configuration: AsyncHTTPClientTransport.configuration(
                    connectTimeout: settings.connectTimeout,
                    connections: settings.connections,
                ),
            )
            transport = AsyncHTTPClientTransport(client: client)
            shutdown = { try await client.shutdown() }
        }
    }
}
