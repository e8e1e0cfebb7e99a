import HTTPTypes
import Hummingbird
import NIOCore
import RateLimits

/// The reading end of a ``Downstream``: turns what an inference says into an HTTP response.
///
/// If the response is dropped before its body was read, the inference is told that its agent left.
/// Until then it counts as running, however long ago the upstream sent the last byte.
package final class AgentConnection: Sendable {
    package let downstream: Downstream
    private let departure: Departure
    private let admission: Admission?
    /// Whether the answer is that of an earlier request.
    private let isReplay: Bool

    init(
        _ downstream: Downstream,
        _ departure: Departure,
        _ admission: Admission? = nil,
        isReplay: Bool = false,
    ) {
        self.downstream = downstream
        self.departure = departure
        self.admission = admission
        self.isReplay = isReplay
    }

    deinit { departure.signal() }

    /// Listens to the answer of an earlier request, from its start; `nil`, once it is over, where
    /// that came to no answer.
    static func rejoining(
        _ first: Downstream,
        _ departure: Departure,
    ) async -> AgentConnection? {
        guard first.audience.join(departure) else {
            await first.finished()
            return nil
        }
        guard await first.head() != nil else { return nil }
        return AgentConnection(first, departure, isReplay: true)
    }

    /// Waits for the head.
    ///
    /// The agent that left gets an answer that nobody reads.
    func response() async -> Response {
        guard var head = await downstream.head() else { return Response(status: .badGateway) }
        if isReplay { head.headers[.replayed] = "true" }
        return Response(head, downstream) { self.departure.signal() }
    }
}

extension Response {
    /// Writes what a downstream says; `left` is called when it cannot be written any more.
    fileprivate init(
        _ head: AnswerHead,
        _ downstream: Downstream,
        left: @escaping @Sendable () -> Void,
    ) {
        let stream = ResponseBody { writer in
            var offset = 0
            do {
                while case .bytes(let bytes) = try await downstream.piece(from: offset) {
                    offset += bytes.readableBytes
                    try await writer.write(bytes)
                }
                try await writer.finish(nil)
            } catch {
                left()
                throw error
            }
        }
        self.init(
            status: .init(code: head.status),
            headers: head.headers,
            body: head.body.map(ResponseBody.init(byteBuffer:)) ?? stream,
        )
    }
}

/// A kept answer was let go of while it was being read again.
private struct AnswerLost: Error {}

extension Downstream {
    fileprivate func piece(from offset: Int) async throws -> Piece {
        let piece = await next(from: offset)
        if case .lost = piece { throw AnswerLost() }
        return piece
    }
}
