import Synchronization

/// Who listens to one answer: the agent that asked, and whoever asked for the same again.
///
/// The inference that gives the answer waits here for the last of them to leave, and for another to
/// come.
package final class Audience: Sendable {
    private struct State {
        var listeners: [ObjectIdentifier: Departure] = [:]
        var isClosed = false
        var nextID = 0
        var waiters: [Int: (isFor: Presence, continuation: CheckedContinuation<Void, Never>)] = [:]

        var presence: Presence { listeners.isEmpty ? .nobody : .somebody }

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
            state.listeners[ObjectIdentifier(departure)] = departure
            return (true, state.awake())
        }
        for waiter in waiters { waiter.resume() }
        let listener = ObjectIdentifier(departure)
        if isIn { departure.whenGone { self.leave(listener) } }
        return isIn
    }

    private func leave(_ listener: ObjectIdentifier) {
        let waiters = state.withLock { state in
            state.listeners[listener] = nil
            return state.awake()
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Has every listener count as gone, though its connection may still be open.
    func dismiss() {
        for listener in state.withLock({ Array($0.listeners.values) }) { listener.signal() }
    }

    /// Asks `isOver` if nobody is there, and lets nobody in any more where it says so.
    func shutIfDeserted(_ isOver: () -> Bool) {
        state.withLock { state in
            if state.listeners.isEmpty { state.isClosed = isOver() }
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
