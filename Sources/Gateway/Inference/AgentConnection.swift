import HTTPTypes
import Hummingbird
import NIOCore

/// The reading end of a ``Downstream``: turns what an inference says into an HTTP response.
///
/// If the response is dropped before its body was read, the inference is told that its agent left.
final class AgentConnection: Sendable {
    private let downstream: Downstream
    private let departure: Departure

    init(_ downstream: Downstream, _ departure: Departure) {
        self.downstream = downstream
        self.departure = departure
    }

    deinit { departure.signal() }

    /// Waits for the head.
    ///
    /// The agent that left gets an answer that nobody reads.
    func response() async -> Response {
        guard let head = await downstream.head() else { return Response(status: .badGateway) }
        return Response(
            status: .init(code: head.status),
            headers: head.headers,
            body: head.body.map(ResponseBody.init(byteBuffer:)) ?? stream,
        )
    }

    private var stream: ResponseBody {
        ResponseBody { writer in
            do {
                while let bytes = await self.downstream.next() { try await writer.write(bytes) }
                try await writer.finish(nil)
            } catch {
                self.departure.signal()
                throw error
            }
        }
    }
}
