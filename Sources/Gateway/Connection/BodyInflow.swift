package import NIOCore
package import RateLimits
import Synchronization

/// The body of a request that had not come whole when the request was handed on.
///
/// What waits before anybody wants it is bounded, and so is what is gathered then: the connection
/// reads no further while it ``isFull``.
package final class BodyInflow: Sendable {
    private struct State {
        var gathered: GatheredBytes
        /// How many bytes may come.
        var most = BodyInflow.unread
        /// Where what comes beyond ``BodyInflow/free`` is counted, if it is.
        var room: Room?
        var ending: Result<Void, any Error>?
        var reader: CheckedContinuation<Void, Never>?

        /// Takes what has come, where there is room for it.
        mutating func append(_ bytes: ByteBuffer) {
            // What has ended badly is wanted no more, however long its sender goes on.
            guard ending == nil else { return }
            gathered.append(bytes)
            findRoom()
        }

        /// Ends the body where there is no room for so much of it.
        mutating func findRoom() {
            guard let room, !room.grow(to: gathered.count - BodyInflow.free) else { return }
            ending = .failure(GatewayError.unprovenBodiesFull)
        }

        var isOver: Bool { ending != nil || gathered.count >= most }
    }

    /// How many bytes of each body need no room: as many as are read of anybody's.
    ///
    /// So all of them together are bounded by the number of connections alone, as what waits is.
    package static let free = JSONRequest.largestShort

    /// How many bytes of a body wait that nobody wants yet.
    private static let unread = 256 << 10

    private let state: Mutex<State>
    private let announced: Int
    private let whenWanted: @Sendable () -> Void

    /// - Parameters:
    ///   - bytes: what has come already.
    ///   - announced: how many bytes it will have, by the request's head; 0 where that says nothing.
    ///   - whenWanted: is called when somebody begins to read it, and there is room for what has come.
    package init(
        _ bytes: ByteBuffer,
        announced: Int = 0,
        whenWanted: @escaping @Sendable () -> Void,
    ) {
        state = Mutex(State(gathered: GatheredBytes(bytes, announced: announced)))
        self.announced = announced
        self.whenWanted = whenWanted
    }

    /// Whether more may come than is ``free``: the head announces it, or does not say.
    package var mayNeedRoom: Bool { announced == 0 || announced > BodyInflow.free }

    package var isFull: Bool { state.withLock { $0.gathered.count >= $0.most } }

    package func append(_ bytes: ByteBuffer) { change { $0.append(bytes) } }

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

    /// All of it, of at most `limit` bytes, once it has come; it is read once.
    ///
    /// Where it has to find `room`, it does as it comes, for what is not ``free``. What is announced takes
    /// none: to announce costs nothing, and others would be shut out by it.
    ///
    /// - Throws: ``GatewayError/bodyTooLarge(limit:)``, ``GatewayError/unprovenBodiesFull``, or what it
    ///   was ended with.
    package func whole(upTo limit: Int, in room: Room? = nil) async throws -> ByteBuffer {
        let isWanted = state.withLock { state in
            // One more, so that a body of just this size is not full before its end has come.
            state.most = limit + 1
            state.room = room
            if state.ending == nil { state.findRoom() }
            return state.ending == nil
        }
        if isWanted { whenWanted() }
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.isOver { return true }
                state.reader = continuation
                return false
            }
            if isOver { continuation.resume() }
        }
        return try state.withLock { state in
            // Nothing of it is kept here any longer, and nothing more is wanted.
            defer { (state.gathered, state.room, state.most) = (GatheredBytes(), nil, 0) }
            guard state.gathered.count <= limit else {
                throw GatewayError.bodyTooLarge(limit: limit)
            }
            try state.ending?.get()
            return state.gathered.bytes
        }
    }
}
