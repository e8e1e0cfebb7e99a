import Synchronization

/// Tells, once, that an agent's connection has ended.
package final class Departure: Sendable {
    private struct State {
        var isGone = false
        var nextID = 0
        var waiters: [Int: @Sendable () -> Void] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    package var isGone: Bool { state.withLock(\.isGone) }

    /// Says that the connection has ended.
    ///
    /// Saying it again changes nothing.
    package func signal() {
        let waiters = state.withLock { state in
            state.isGone = true
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter() }
    }

    /// Calls `body` once the connection has ended; at once if it has.
    func whenGone(_ body: @escaping @Sendable () -> Void) {
        let isOver = state.withLock { state in
            guard !state.isGone else { return true }
            state.nextID += 1
            state.waiters[state.nextID] = body
            return false
        }
        if isOver { body() }
    }

    /// Returns when the connection has ended, or the task is cancelled.
    package func wait() async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.isGone || Task.isCancelled { return true }
                    state.waiters[id] = { continuation.resume() }
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?()
        }
    }
}
