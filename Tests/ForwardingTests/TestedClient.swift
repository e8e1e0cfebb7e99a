import AsyncHTTPClient
import Forwarding
import HTTPTypes
import NIOCore
import NIOSSL
import Providers

/// Each transport there is; what one promises, all promise.
enum TestedClient: String, CaseIterable {
    case nio
    case asyncHTTPClient

    /// Runs a test with a transport that is shut down after it.
    func run(
        connections: Int = 8,
        connectTimeout: Duration = .seconds(300),
        idleTimeout: Duration = .seconds(60),
        trust: NIOSSLTrustRoots = .default,
        _ test: (any UpstreamTransport) async throws -> Void,
    ) async throws {
        switch self {
        case .nio:
            var settings = NIOTransport.Settings(
                connectTimeout: connectTimeout,
                connections: connections,
            )
            settings.idleTimeout = idleTimeout
            settings.trustRoots = trust
            let transport = NIOTransport(settings: settings)
            let result = await outcome { try await test(transport) }
            await transport.shutdown()
            try result.get()
        case .asyncHTTPClient:
            var configuration = AsyncHTTPClientTransport.configuration(
                connectTimeout: connectTimeout,
                connections: connections,
            )
            configuration.connectionPool.idleTimeout = TimeAmount(idleTimeout)
            var tls = TLSConfiguration.makeClientConfiguration()
            tls.trustRoots = trust
            configuration.tlsConfiguration = tls
            let client = HTTPClient(
                eventLoopGroupProvider: .singleton,
                configuration: configuration,
            )
            let transport = AsyncHTTPClientTransport(client: client)
            let result = await outcome { try await test(transport) }
            try await client.shutdown()
            try result.get()
        }
    }

    private func outcome(_ body: () async throws -> Void) async -> Result<Void, any Error> {
        do { return .success(try await body()) } catch { return .failure(error) }
    }
}

extension UpstreamRequest {
    static func chat(
        at baseURL: String,
        agentHeaders: HTTPFields = [:],
        body: String = "{}",
    ) -> UpstreamRequest {
        chat(at: baseURL, agentHeaders: agentHeaders, pieces: [ByteBuffer(string: body)])
    }

    static func chat(
        at baseURL: String,
        agentHeaders: HTTPFields = [:],
        pieces: [ByteBuffer],
    ) -> UpstreamRequest {
        UpstreamRequest(
            upstream: Upstream(
                name: "openai",
                dialect: .openai,
                baseURL: baseURL,
                credential: "sk-up",
            ),
            operation: .inference,
            agentHeaders: agentHeaders,
            pieces: pieces,
        )
    }

    static func chat(on port: Int, body: String = "{}") -> UpstreamRequest {
        chat(at: "http://127.0.0.1:\(port)/v1", body: body)
    }

    static func chat(on port: Int, pieces: [ByteBuffer]) -> UpstreamRequest {
        chat(at: "http://127.0.0.1:\(port)/v1", pieces: pieces)
    }
}

extension UpstreamTransport {
    /// The whole answer to a small request.
    func ask(
        _ port: Int,
        body: String = "{}",
        marking handover: Handover = Handover(),
    ) async throws -> String {
        try await ask(.chat(on: port, body: body), marking: handover)
    }

    func ask(
        _ request: UpstreamRequest,
        marking handover: Handover = Handover(),
    ) async throws -> String {
        try await send(request, marking: handover).text()
    }
}

extension UpstreamResponse {
    func text() async throws -> String {
        var bytes = ByteBuffer()
        try await body.read { piece in
            bytes.writeImmutableBuffer(piece)
            return true
        }
        return String(buffer: bytes)
    }
}
