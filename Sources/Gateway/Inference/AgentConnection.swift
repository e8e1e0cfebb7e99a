import HTTPTypes
import Hummingbird
import NIOCore
import RateLimits

/// The reading end of a ``Downstream``: turns what an inference says into an HTTP response.
///
/// If the response is dropped before its body was read, the inference is told that its agent left.
/// A stream counts as running until its last chunk is read, however long ago the upstream sent it; a
/// whole answer until it is sent.
package final class AgentConnection: Sendable {
    package let downstream: Downstream
    private let departure: Departure
    private let admission: Admission?
    /// How the answer of an earlier request ends where it is let go of while it is read; `nil` where
    /// this is the first.
    private let lost: ByteBuffer?

    init(
        _ downstream: Downstream,
        _ departure: Departure,
        _ admission: Admission? = nil,
        lost: ByteBuffer? = nil,
    ) {
        self.downstream = downstream
        self.departure = departure
        self.admission = admission
        self.lost = lost
    }

    deinit { departure.signal() }

    /// Listens to the answer of an earlier request, from its start; `nil`, once it is over, where
    /// that came to no answer.
    static func rejoining(
        _ first: Downstream,
        _ departure: Departure,
        lost: ByteBuffer,
    ) async -> AgentConnection? {
        guard first.audience.join(departure) else {
            await first.finished()
            return nil
        }
        guard await first.head() != nil else { return nil }
        return AgentConnection(first, departure, lost: lost)
    }

    /// Waits for the head.
    ///
    /// The agent that left gets an answer that nobody reads.
    func response() async -> Response {
        guard var head = await downstream.head() else { return Response(status: .badGateway) }
        if lost != nil { head.headers[.replayed] = "true" }
        return Response(head, downstream, lost: lost) {
            self.admission?.end()
        } left: {
            self.departure.signal()
        }
    }
}

extension Response {
    /// Writes what a downstream says.
    ///
    /// `ended` is called before its end is written, `left` when it cannot be written any more.
    fileprivate init(
        _ head: AnswerHead,
        _ downstream: Downstream,
        lost: ByteBuffer?,
        ended: @escaping @Sendable () -> Void,
        left: @escaping @Sendable () -> Void,
    ) {
        let stream = ResponseBody { writer in
            var offset = 0
            do {
                reading: while true {
                    switch await downstream.next(from: offset) {
                    case .bytes(let bytes):
                        offset += bytes.readableBytes
                        try await writer.write(bytes)
                    case .end: break reading
                    case .lost:
                        guard let lost else { throw AnswerLost() }
                        try await writer.write(lost)
                        break reading
                    }
                }
                ended()
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

/// What an agent did not read in time is gone.
private struct AnswerLost: Error {}
