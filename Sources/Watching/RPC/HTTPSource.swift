package import AsyncHTTPClient
package import NIOCore
import NIOHTTP1

/// A document that is fetched over HTTP, again and again.
package struct HTTPSource: Sendable {
    /// May hold a key; it is never logged.
    private let url: String
    private let client: HTTPClient
    private let limit: AnswerLimit

    /// `clock` is what its patience is measured by.
    package init(
        _ url: String,
        client: HTTPClient,
        clock: any Clock<Duration>,
        timeout: Duration = .seconds(10),
    ) {
        self.url = url
        self.client = client
        limit = AnswerLimit(bytes: 1 << 20, time: timeout, clock: clock)
    }

    /// Fetches it once.
    ///
    /// - Throws: ``RPCFailure``.
    package func read() async throws(RPCFailure) -> ByteBuffer {
        var request = HTTPClientRequest(url: url)
        request.headers.add(name: "accept", value: "application/json")
        request.headers.add(name: "user-agent", value: "farebox")
        return try await client.answer(to: request, within: limit)
    }
}

/// What an answer may take.
struct AnswerLimit: Sendable {
    let bytes: Int
    /// From the question to the answer's last byte.
    let time: Duration
    let clock: any Clock<Duration>
}

extension HTTPClient {
    /// The body of an answer that is 200.
    ///
    /// - Throws: ``RPCFailure``.
    func answer(
        to request: HTTPClientRequest,
        within limit: AnswerLimit,
    ) async throws(RPCFailure) -> ByteBuffer {
        do {
            return try await withThrowingTaskGroup { group in
                group.addTask { try await self.body(of: request, within: limit) }
                // The client's own time ends with an answer's head, and a body may come for ever.
                group.addTask {
                    try await limit.clock.sleep(for: limit.time)
                    throw RPCFailure.timedOut
                }
                defer { group.cancelAll() }
                guard let body = try await group.next() else { throw RPCFailure.timedOut }
                return body
            }
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

    private func body(
        of request: HTTPClientRequest,
        within limit: AnswerLimit,
    ) async throws -> ByteBuffer {
        let response = try await execute(request, timeout: TimeAmount(limit.time))
        guard response.status == .ok else { throw RPCFailure.status(Int(response.status.code)) }
        return try await response.body.collect(upTo: limit.bytes)
    }
}
