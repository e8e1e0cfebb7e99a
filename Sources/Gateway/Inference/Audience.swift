import Synchronization

/// Who listens to one answer: the agent that asked, and whoever asked for the same again.
///
/// The inference that gives the answer waits here for the last of them to leave, and for another to
/// come.
package final class Audience: Sendable {
    private struct State {
        var count = 0
        var isClosed = false
        var nextID = 0
        var waiters: [Int: (isFor: Presence, continuation: CheckedContinuation<Void, Never>)] = [:]

        var presence: Presence { count == 0 ? .nobody : .somebody }

        /// Takes out the waiters whose wait is over.
        mutating func awake() -> [CheckedContinuation<Void, Never>] {
            let over = waiters.filter { $0.value.isFor == presence }
            for id in over.keys { waiters[id] = nil }
            return over.values.map(\.continuation)
        }
    }

    /// Whether there are listeners.
    package enum Presence: Sendable { case nobody, somebody }

    private let state = Mutex(State())

    package init() {}

    /// Counts a listener in until its connection ends.
    ///
    /// - Returns: `false` where the inference ended because nobody listened; there is no answer.
    package func join(_ departure: Departure) -> Bool {
        let (isIn, waiters) = state.withLock { state in
            guard !state.isClosed else { return (false, [CheckedContinuation<Void, Never>]()) }
            state.count += 1
            return (true, state.awake())
        }
        for waiter in waiters { waiter.resume() }
        if isIn { departure.whenGone { self.leave() } }
        return isIn
    }

    private func leave() {
        let waiters = state.withLock { state in
            state.count -= 1
            return state.awake()
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Asks `isOver` if nobody is there, and lets nobody in any more where it says so.
    func shutIfDeserted(_ isOver: () -> Bool) {
        state.withLock { state in
            if state.count == 0 { state.isClosed = isOver() }
        }
    }

    /// Returns when it is so, or the task is cancelled.
    package func wait(for presence: Presence) async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.presence == presence || Task.isCancelled { return true }
                    state.waiters[id] = (presence, continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.continuation.resume()
        }
    }

    /// Returns when there is a listener, the time is up, or the task is cancelled.
    func waitForSomebody(atMost patience: Duration, _ clock: any Clock<Duration>) async {
        await withTaskGroup { group in
            group.addTask { await self.wait(for: .somebody) }
            group.addTask {
                // A cancelled sleep means that somebody came first.
                do { try await clock.sleep(for: patience) } catch { return }
            }
            await group.next()
            group.cancelAll()
        }
    }
}
