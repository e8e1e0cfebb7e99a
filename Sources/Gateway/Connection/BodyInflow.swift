package import NIOCore
import Synchronization

/// The body of a request that had not come whole when the request was handed on.
///
/// What waits before anybody wants it is bounded, and so is what is gathered then: the connection
/// reads no further while it ``isFull``.
package final class BodyInflow: Sendable {
    private struct State {
        var gathered: GatheredBytes
        /// How many bytes may come.
        var room = BodyInflow.unread
        var ending: Result<Void, any Error>?
        var reader: CheckedContinuation<Void, Never>?

        var isOver: Bool { ending != nil || gathered.count >= room }
    }

    /// How many bytes of a body wait that nobody wants yet.
    private static let unread = 256 << 10

    private let state: Mutex<State>
    private let whenWanted: @Sendable () -> Void

    /// - Parameters:
    ///   - bytes: what has come already.
    ///   - announced: how many bytes it will have, by the request's head; 0 where that says nothing.
    ///   - whenWanted: is called when somebody begins to read it, and there is room for all of it.
    package init(
        _ bytes: ByteBuffer,
        announced: Int = 0,
        whenWanted: @escaping @Sendable () -> Void,
    ) {
        state = Mutex(State(gathered: GatheredBytes(bytes, announced: announced)))
        self.whenWanted = whenWanted
    }

    package var isFull: Bool { state.withLock { $0.gathered.count >= $0.room } }

    package func append(_ bytes: ByteBuffer) { change { $0.gathered.append(bytes) } }

    /// Ends the body, whole or with an error that its reader gets.
    ///
    /// Ending it again changes nothing.
    package func end(_ ending: Result<Void, any Error>) {
        change { $0.ending = $0.ending ?? ending }
    }

    private func change(_ body: (inout State) -> Void) {
        let reader = state.withLock { state in
            body(&state)
            guard state.isOver else { return nil as CheckedContinuation<Void, Never>? }
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume()
    }

    /// All of it, once it has come; it is read once.
    ///
    /// - Throws: ``GatewayError/bodyTooLarge(limit:)``, or what it was ended with.
    package func whole(upTo limit: Int) async throws -> ByteBuffer {
        // One more, so that a body of just this size is not full before its end has come.
        state.withLock { $0.room = limit + 1 }
        whenWanted()
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.isOver { return true }
                state.reader = continuation
                return false
            }
            if isOver { continuation.resume() }
        }
        return try state.withLock { state in
            guard state.gathered.count <= limit else {
                throw GatewayError.bodyTooLarge(limit: limit)
            }
            try state.ending?.get()
            defer { state.gathered = GatheredBytes() }
            return state.gathered.bytes
        }
    }
}
