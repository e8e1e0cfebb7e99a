import HTTPTypes
package import NIOCore
import NIOHTTP1
import NIOPosix
package import NIOSSL
import Synchronization

/// Forwards over connections of its own: HTTP/1.1, kept alive, on the caller's event loop.
///
/// A caller that runs on an event loop of the group gets a connection of that loop, and nothing
/// hops. There is no HTTP/2, no redirect, no decompression, no retry, and no timeout but the one
/// for connecting: the others are the caller's, who knows what they mean for money.
package final class NIOTransport: UpstreamTransport {
    package struct Settings: Sendable {
        /// For the address, the connection and TLS together.
        package var connectTimeout: Duration
        /// Connections to one upstream at a time.
        package var connections: Int
        /// How long a connection is kept that serves nobody.
        package var idleTimeout = Duration.seconds(60)
        /// The largest head of an answer, with all informational ones before it.
        package var headLimit = 64 << 10
        /// Who may sign an upstream's certificate.
        package var trustRoots = NIOSSLTrustRoots.default

        package init(connectTimeout: Duration, connections: Int) {
            self.connectTimeout = connectTimeout
            self.connections = connections
        }
    }

    private struct Endpoint {
        let upstream: Upstream
        let template: UpstreamRequestTemplate
        let pool: ConnectionPool

        func serves(_ other: Upstream) -> Bool {
            upstream.name == other.name && upstream.baseURL == other.baseURL
                && upstream.credential == other.credential && upstream.dialect == other.dialect
        }
    }

    private struct State {
        var endpoints: [Endpoint] = []
        var tls: NIOSSLContext?
        var isShutDown = false
    }

    private let group: any EventLoopGroup
    private let settings: Settings
    private let state = Mutex(State())

    /// - Parameters:
    ///   - upstreams: those that are known; others are prepared when they are first seen.
    ///   - settings: its limits.
    ///   - group: the server's own.
    package init(
        upstreams: [Upstream] = [],
        settings: Settings,
        group: any EventLoopGroup = .singletonMultiThreadedEventLoopGroup,
    ) {
        self.group = group
        self.settings = settings
        // One that can not be prepared says so when it is asked.
        for upstream in upstreams { _ = try? endpoint(of: upstream) }
    }

    package func send(
        _ request: UpstreamRequest,
        marking handover: Handover,
    ) async throws -> UpstreamResponse {
        let endpoint = try endpoint(of: request.upstream)
        let bytes = endpoint.template.bytes(of: request)
        let loop = group.any()
        while true {
            let lease = try await endpoint.pool.lease(on: loop)
            guard let head = try await lease.exchange(bytes, marking: handover) else {
                // It closed before anything was written: one that was kept says nothing of the
                // upstream, one that was just made does.
                try Task.checkCancellation()
                if lease.isFirst { throw ForwardingError.unreachable }
                continue
            }
            return UpstreamResponse(
                status: Int(head.status.code),
                headers: HTTPFields(relaying: head.headers),
                body: NIOUpstreamBody(lease),
            )
        }
    }

    /// How many requests wait for a connection.
    package var waitingCount: Int {
        state.withLock(\.endpoints).reduce(0) { $0 + $1.pool.waitingCount }
    }

    /// Closes all connections; what is sent afterwards finds nobody.
    package func shutdown() async {
        let endpoints = state.withLock { state in
            state.isShutDown = true
            return state.endpoints
        }
        for endpoint in endpoints { await endpoint.pool.shutDown() }
    }

    /// - Throws: ``ForwardingError/unreachable`` where the base URL is none.
    private func endpoint(of upstream: Upstream) throws -> Endpoint {
        try state.withLock { state in
            if let known = state.endpoints.first(where: { $0.serves(upstream) }) { return known }
            guard !state.isShutDown else { throw ForwardingError.unreachable }
            let origin = try UpstreamOrigin(baseURL: upstream.baseURL)
            if origin.isSecure, state.tls == nil { state.tls = try makeTLS() }
            let connector = UpstreamConnector(
                origin: origin,
                tls: origin.isSecure ? state.tls : nil,
                settings: settings,
            )
            let endpoint = Endpoint(
                upstream: upstream,
                template: UpstreamRequestTemplate(upstream, at: origin),
                pool: ConnectionPool(connector, bound: settings.connections),
            )
            state.endpoints.append(endpoint)
            return endpoint
        }
    }

    /// The certificate and the name in it are checked; NIOSSL's client does both unless told not to.
    private func makeTLS() throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.applicationProtocols = ["http/1.1"]
        configuration.trustRoots = settings.trustRoots
        // What is cancelled is closed at once, not when the upstream has said goodbye.
        configuration.shutdownTimeout = .zero
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw ForwardingError.unreachable
        }
    }
}
