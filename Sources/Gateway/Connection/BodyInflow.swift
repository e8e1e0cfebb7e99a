package import NIOCore
import Synchronization

/// The body of a request that had not come whole when the request was handed on.
///
/// What waits to be read is bounded: the connection reads no further while it ``isFull``.
package final class BodyInflow: AsyncSequence, Sendable {
    package typealias Element = ByteBuffer

    private struct State {
        var bytes: ByteBuffer
        var ending: Result<Void, any Error>?
        var reader: CheckedContinuation<Void, Never>?
    }

    /// How many bytes wait before the connection reads no further.
    private static let highWater = 256 << 10

    private let state: Mutex<State>
    private let whenWanted: @Sendable () -> Void
    private let whenRead: @Sendable () -> Void

    /// - Parameters:
    ///   - bytes: what has come already.
    ///   - whenWanted: is called when somebody begins to read it.
    ///   - whenRead: is called when there is room again.
    package init(
        _ bytes: ByteBuffer,
        whenWanted: @escaping @Sendable () -> Void,
        whenRead: @escaping @Sendable () -> Void,
    ) {
        state = Mutex(State(bytes: bytes))
        self.whenWanted = whenWanted
        self.whenRead = whenRead
    }

    package var isFull: Bool {
        state.withLock { $0.bytes.readableBytes >= BodyInflow.highWater }
    }

    package func append(_ bytes: ByteBuffer) {
        change { state in
            var bytes = bytes
            state.bytes.writeBuffer(&bytes)
        }
    }

    /// Ends the body, whole or with an error that its reader gets.
    ///
    /// Ending it again changes nothing.
    package func end(_ ending: Result<Void, any Error>) {
        change { $0.ending = $0.ending ?? ending }
    }

    private func change(_ body: (inout State) -> Void) {
        let reader = state.withLock { state in
            body(&state)
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume()
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let inflow: BodyInflow

        package mutating func next() async throws -> ByteBuffer? { try await inflow.next() }
    }

    package func makeAsyncIterator() -> AsyncIterator {
        whenWanted()
        return AsyncIterator(inflow: self)
    }

    private func next() async throws -> ByteBuffer? {
        while true {
            let (bytes, ending) = state.withLock { state in
                defer { state.bytes = ByteBuffer() }
                return (state.bytes, state.ending)
            }
            if bytes.readableBytes > 0 {
                whenRead()
                return bytes
            }
            if let ending {
                try ending.get()
                return nil
            }
            await withCheckedContinuation { continuation in
                let isThere = state.withLock { state in
                    if state.bytes.readableBytes > 0 || state.ending != nil { return true }
                    state.reader = continuation
                    return false
                }
                if isThere { continuation.resume() }
            }
        }
    }
}
