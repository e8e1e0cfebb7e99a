package import HTTPTypes
package import NIOCore
package import Providers
import Synchronization

/// What goes upstream.
package struct UpstreamRequest: Sendable {
    package let upstream: Upstream
    package let operation: Dialect.Operation
    /// The agent's headers; only what ``RelayedHeaders`` lets pass is sent.
    package let agentHeaders: HTTPFields
    /// The body, in the pieces that it is made of.
    package let pieces: [ByteBuffer]

    package init(
        upstream: Upstream,
        operation: Dialect.Operation,
        agentHeaders: HTTPFields,
        pieces: [ByteBuffer],
    ) {
        self.upstream = upstream
        self.operation = operation
        self.agentHeaders = agentHeaders
        self.pieces = pieces
    }

    /// The body in one piece.
    package var body: ByteBuffer { pieces.joined() }

    /// How many bytes the body has.
    package var length: Int { pieces.reduce(0) { $0 + $1.readableBytes } }
}

/// The head of an upstream's answer, with the body still to come.
package struct UpstreamResponse: Sendable {
    package let status: Int
    package let headers: HTTPFields
    package let body: any UpstreamBody

    package init(status: Int, headers: HTTPFields, body: any UpstreamBody) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// A body that is read piece by piece, once.
package protocol UpstreamBody: Sendable {
    /// Calls `take` with each piece as it arrives, until the end or until it answers `false`; while
    /// `take` runs, at most one further piece is read ahead, and the rest stays in the socket.
    ///
    /// - Throws: what `take` throws, ``ForwardingError``, or `CancellationError` if the reading
    ///   task was cancelled. Whatever ends the reading early closes the connection.
    func read(_ take: (ByteBuffer) async throws -> Bool) async throws
}

/// Sends a request and hands back what comes; knows sockets, and no prices.
package protocol UpstreamTransport: Sendable {
    /// Sends a request once; it is never retried here.
    ///
    /// - Parameters:
    ///   - request: what to send.
    ///   - handover: is marked before the request's body is handed to the connection.
    /// - Returns: the answer's head, as soon as it is there.
    /// - Throws: ``ForwardingError``, or `CancellationError`; cancelling closes the connection.
    func send(
        _ request: UpstreamRequest,
        marking handover: Handover,
    ) async throws -> UpstreamResponse
}

/// Decides, once, whether a request is handed to its connection or called off.
///
/// From the moment it is handed over the upstream may accept, and may bill, it; one that was called
/// off never reaches it.
package final class Handover: Sendable {
    private enum State { case undecided, done, calledOff }

    private let state = Mutex(State.undecided)

    package init() {}

    package var isDone: Bool { state.withLock { $0 == .done } }

    /// Marks that the request is handed over.
    ///
    /// - Throws: `CancellationError` where it was called off.
    package func mark() throws {
        try state.withLock { state in
            if state == .calledOff { throw CancellationError() }
            state = .done
        }
    }

    /// Calls the request off.
    ///
    /// - Returns: `false` where it is too late.
    package func callOff() -> Bool {
        state.withLock { state in
            if state == .undecided { state = .calledOff }
            return state == .calledOff
        }
    }
}
