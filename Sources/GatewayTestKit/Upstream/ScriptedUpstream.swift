package import Forwarding
import HTTPTypes
package import NIOCore
import Synchronization

/// An upstream that says what a test tells it to, when the test says so.
package final class ScriptedUpstream: UpstreamTransport {
    /// One piece of an answer.
    package enum Piece: Sendable {
        case bytes(ByteBuffer)
        case failure(ForwardingError)

        package static func text(_ text: String) -> Piece { .bytes(ByteBuffer(string: text)) }
    }

    private let head: Result<(status: Int, headers: HTTPFields), ForwardingError>?
    private let pieces: AsyncStream<Piece>
    private let continuation: AsyncStream<Piece>.Continuation
    private let handsOver: Bool
    private let received = Mutex<[UpstreamRequest]>([])
    private let arrivals: AsyncStream<Void>
    private let arrival: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - status: of the answer; `nil` never answers.
    ///   - contentType: of the answer.
    ///   - failure: fails instead of answering.
    ///   - handsOver: whether the request counts as handed to the connection.
    package init(
        status: Int? = 200,
        contentType: String = "text/event-stream",
        failure: ForwardingError? = nil,
        handsOver: Bool = true,
    ) {
        if let failure {
            head = .failure(failure)
        } else {
            head = status.map { .success(($0, [.contentType: contentType])) }
        }
        self.handsOver = handsOver
        (pieces, continuation) = AsyncStream.makeStream(of: Piece.self)
        (arrivals, arrival) = AsyncStream.makeStream(of: Void.self)
    }

    /// Sends a piece of the answer.
    package func send(_ piece: Piece) { continuation.yield(piece) }
    package func send(_ text: String) { send(.text(text)) }
    /// Ends the answer.
    package func end() { continuation.finish() }

    package var requests: [UpstreamRequest] { received.withLock(\.self) }

    /// Returns when a request has arrived.
    package func waitForRequest() async {
        var arrivals = arrivals.makeAsyncIterator()
        await arrivals.next()
    }

    package func send(
        _ request: UpstreamRequest,
        marking handover: Handover,
    ) async throws -> UpstreamResponse {
        received.withLock { $0.append(request) }
        if handsOver { try handover.mark() }
        arrival.yield()
        guard let head else {
            for await _ in AsyncStream<Never>.makeStream().stream {}
            throw CancellationError()
        }
        let (status, headers) = try head.get()
        return UpstreamResponse(status: status, headers: headers, body: Body(pieces: pieces))
    }

    private struct Body: UpstreamBody {
        let pieces: AsyncStream<Piece>

        func read(_ take: (ByteBuffer) async throws -> Bool) async throws {
            for await piece in pieces {
                switch piece {
                case .bytes(let bytes): guard try await take(bytes) else { return }
                case .failure(let error): throw error
                }
            }
            try Task.checkCancellation()
        }
    }
}
