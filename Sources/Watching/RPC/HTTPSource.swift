package import AsyncHTTPClient
package import NIOCore
import NIOHTTP1

/// A document that is fetched over HTTP, again and again.
package struct HTTPSource: Sendable {
    /// May hold a key; it is never logged.
    private let url: String
    private let client: HTTPClient
    private let timeout: Duration
    /// The most that it may have, in bytes.
    private static let longest = 1 << 20

    package init(_ url: String, client: HTTPClient, timeout: Duration = .seconds(10)) {
        self.url = url
        self.client = client
        self.timeout = timeout
    }

    /// Fetches it once.
    ///
    /// - Throws: ``RPCFailure``.
    package func read() async throws(RPCFailure) -> ByteBuffer {
        var request = HTTPClientRequest(url: url)
        request.headers.add(name: "accept", value: "application/json")
        request.headers.add(name: "user-agent", value: "farebox")
        return try await client.answer(to: request, within: timeout, upTo: HTTPSource.longest)
    }
}

extension HTTPClient {
    /// The body of an answer that is 200.
    ///
    /// - Throws: ``RPCFailure``.
    func answer(
        to request: HTTPClientRequest,
        within timeout: Duration,
        upTo limit: Int,
    ) async throws(RPCFailure) -> ByteBuffer {
        do {
            let response = try await execute(request, timeout: TimeAmount(timeout))
            guard response.status == .ok else { throw RPCFailure.status(Int(response.status.code)) }
            return try await response.body.collect(upTo: limit)
        } catch let failure as RPCFailure {
            throw failure
        } catch is NIOTooManyBytesError {
            throw .tooLarge
        } catch let error as HTTPClientError where error == .deadlineExceeded {
            throw .timedOut
        } catch {
            throw .unreachable
        }
    }
}
