import NIOCore
import Synchronization

/// The making of one connection: whoever decides first what comes of it has decided.
final class ConnectionAttempt: Sendable {
    typealias Waiter = UnsafeContinuation<UpstreamLink, any Error>

    private enum State {
        case waiting
        case underway(Waiter, timer: Scheduled<Void>?, channels: [any Channel])
        case over
    }

    private let state = Mutex(State.waiting)

    /// - Returns: `false` where it was called off before; the waiter is told then.
    func begin(_ waiter: Waiter) -> Bool {
        let begins = state.withLock { state in
            guard case .waiting = state else { return false }
            state = .underway(waiter, timer: nil, channels: [])
            return true
        }
        if !begins { waiter.resume(throwing: CancellationError()) }
        return begins
    }

    /// Takes the timer that ends it.
    func adopt(_ timer: Scheduled<Void>) {
        let isLate = state.withLock { state in
            guard case .underway(let waiter, _, let channels) = state else { return true }
            state = .underway(waiter, timer: timer, channels: channels)
            return false
        }
        if isLate { timer.cancel() }
    }

    /// Takes a channel that is closed when the attempt fails.
    ///
    /// - Returns: `false` where it is too late.
    func adopt(_ channel: any Channel) -> Bool {
        state.withLock { state in
            guard case .underway(let waiter, let timer, let channels) = state else { return false }
            state = .underway(waiter, timer: timer, channels: channels + [channel])
            return true
        }
    }

    /// The connection is there.
    ///
    /// - Returns: who is to have it; `nil` where it is too late.
    func claim() -> Waiter? {
        state.withLock { state in
            guard case .underway(let waiter, let timer, _) = state else { return nil }
            timer?.cancel()
            state = .over
            return waiter
        }
    }

    /// Nothing comes of it; its channels are closed.
    func fail(_ error: any Error) {
        let ended = state.withLock { state in
            defer { state = .over }
            return state
        }
        guard case .underway(let waiter, let timer, let channels) = ended else { return }
        timer?.cancel()
        for channel in channels { channel.close(promise: nil) }
        waiter.resume(throwing: error)
    }
}
