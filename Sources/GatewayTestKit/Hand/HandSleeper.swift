import Synchronization

/// A clock whose sleepers wake when a test turns it.
///
/// A test waits for the sleepers it expects, then advances: nothing depends on how fast anything
/// runs.
package final class HandSleeper: Clock, Sendable {
    package typealias Duration = Swift.Duration

    /// Time since the clock was made.
    package struct Instant: InstantProtocol {
        package typealias Duration = Swift.Duration

        let offset: Swift.Duration

        package static let zero = Instant(offset: .zero)

        package func advanced(by duration: Swift.Duration) -> Instant {
            Instant(offset: offset + duration)
        }

        package func duration(to other: Instant) -> Swift.Duration { other.offset - offset }

        package static func < (lhs: Instant, rhs: Instant) -> Bool { lhs.offset < rhs.offset }
    }

    private struct Sleeper {
        let deadline: Instant
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Instant(offset: .zero)
        var nextID = 0
        var sleepers: [Int: Sleeper] = [:]
        var cancelled: Set<Int> = []
        var watchers: [Int: (count: Int, continuation: CheckedContinuation<Void, Never>)] = [:]

        mutating func awake() -> [CheckedContinuation<Void, Never>] {
            let satisfied = watchers.filter { $0.value.count <= sleepers.count }
            for id in satisfied.keys { watchers[id] = nil }
            return satisfied.values.map(\.continuation)
        }
    }

    private let state = Mutex(State())

    package init() {}

    package var now: Instant { state.withLock(\.now) }
    /// How many tasks sleep.
    package var sleeperCount: Int { state.withLock(\.sleepers.count) }
    package var minimumResolution: Swift.Duration { .zero }

    package func sleep(until deadline: Instant, tolerance: Swift.Duration?) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                fallAsleep(id, Sleeper(deadline: deadline, continuation: continuation))
            }
        } onCancel: {
            let sleeper = state.withLock { state -> Sleeper? in
                state.cancelled.insert(id)
                return state.sleepers.removeValue(forKey: id)
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    private func fallAsleep(_ id: Int, _ sleeper: Sleeper) {
        let (isCancelled, isOver, watchers) = state.withLock { state in
            let isCancelled = state.cancelled.contains(id)
            let isOver = sleeper.deadline <= state.now
            if !isCancelled, !isOver { state.sleepers[id] = sleeper }
            return (isCancelled, isOver, state.awake())
        }
        if isCancelled {
            sleeper.continuation.resume(throwing: CancellationError())
        } else if isOver {
            sleeper.continuation.resume()
        }
        for watcher in watchers { watcher.resume() }
    }

    /// Returns when at least `count` tasks sleep, or the waiting task is cancelled.
    package func waitForSleepers(_ count: Int) async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.sleepers.count >= count || state.cancelled.contains(id) { return true }
                    state.watchers[id] = (count, continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let watcher = state.withLock { state in
                state.cancelled.insert(id)
                return state.watchers.removeValue(forKey: id)
            }
            watcher?.continuation.resume()
        }
    }

    /// Turns the clock whenever somebody sleeps, until the turning task is cancelled.
    package func keepTurning(by duration: Swift.Duration) async {
        while !Task.isCancelled {
            await waitForSleepers(1)
            advance(by: duration)
        }
    }

    /// Turns the clock to the next moment for which somebody sleeps, and wakes them in the order in
    /// which they fell asleep.
    ///
    /// - Returns: `false` where nobody sleeps.
    package func advanceToNextDeadline() -> Bool {
        let woken = state.withLock { state -> [Sleeper] in
            guard let next = state.sleepers.values.map(\.deadline).min() else { return [] }
            state.now = max(state.now, next)
            let over = state.sleepers.filter { $0.value.deadline <= next }
            for id in over.keys { state.sleepers[id] = nil }
            return over.sorted { $0.key < $1.key }.map(\.value)
        }
        for sleeper in woken { sleeper.continuation.resume() }
        return !woken.isEmpty
    }

    /// Turns the clock and wakes whoever has slept enough.
    package func advance(by duration: Swift.Duration) {
        let woken = state.withLock { state in
            state.now = state.now.advanced(by: duration)
            let over = state.sleepers.filter { $0.value.deadline <= state.now }
            for id in over.keys { state.sleepers[id] = nil }
            return over.values.sorted { $0.deadline < $1.deadline }
        }
        for sleeper in woken { sleeper.continuation.resume() }
    }
}
