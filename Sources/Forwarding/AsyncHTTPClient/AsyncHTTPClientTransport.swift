package import AsyncHTTPClient
import HTTPTypes
import NIOCore
import NIOHTTP1
import Providers

/// Forwards through AsyncHTTPClient.
package struct AsyncHTTPClientTransport: UpstreamTransport {
    private let client: HTTPClient

    /// - Parameter client: made with ``configuration(connectTimeout:connections:)``.
    package init(client: HTTPClient) { self.client = client }

    /// No redirects (it would follow them with `x-api-key`), no decompression, and no timeout but
    /// the one for connecting: the others are the caller's, who knows what they mean for money.
    package static func configuration(
        connectTimeout: Duration,
        connections: Int,
    ) -> HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: TimeAmount(connectTimeout)),
            decompression: .disabled,
        )
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }

    package func send(
        _ request: UpstreamRequest,
        marking handover: Handover,
    ) async throws -> UpstreamResponse {
        let upstream = request.upstream
        var outgoing = HTTPClientRequest(
            url: upstream.baseURL + upstream.dialect.path(request.operation)
        )
        outgoing.method = .POST
        let fields = upstream.dialect.upstreamHeaders(
            agent: request.agentHeaders,
            credential: upstream.credential,
        )
        for field in fields { outgoing.headers.add(name: field.name.rawName, value: field.value) }
        outgoing.body = .stream(
            HandedOverBody(pieces: request.pieces, handover: handover),
            length: .known(Int64(request.length)),
        )
        do {
            let response = try await client.execute(outgoing, deadline: .distantFuture)
            return UpstreamResponse(
                status: Int(response.status.code),
                headers: HTTPFields(relaying: response.headers),
                body: AsyncHTTPClientBody(body: response.body),
            )
        } catch {
            throw ForwardingError.translating(error, isConnected: handover.isDone)
        }
    }
}

/// A body that marks when it is taken.
private struct HandedOverBody: AsyncSequence, Sendable {
    let pieces: [ByteBuffer]
    let handover: Handover

    struct AsyncIterator: AsyncIteratorProtocol {
        var rest: ArraySlice<ByteBuffer>
        let handover: Handover

        mutating func next() async throws -> ByteBuffer? {
            try handover.mark()
            return rest.popFirst()
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(rest: pieces[...], handover: handover)
    }
}

/// A response body as AsyncHTTPClient hands it out.
private struct AsyncHTTPClientBody: UpstreamBody {
    let body: HTTPClientResponse.Body

    func read(_ take: (ByteBuffer) async throws -> Bool) async throws {
        var pieces = body.makeAsyncIterator()
        while true {
            let piece: ByteBuffer?
            do {
                piece = try await pieces.next()
            } catch {
                throw ForwardingError.translating(error, isConnected: true)
            }
            guard let piece else { return try Task.checkCancellation() }
            guard try await take(piece) else { return }
        }
    }
}
