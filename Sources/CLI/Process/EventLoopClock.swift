import NIOCore
import NIOPosix
import Synchronization

/// The continuous clock, whose sleepers wait on the event loop that they run on: a timeout that is
/// cancelled again costs next to nothing.
struct EventLoopClock: Clock {
    typealias Duration = Swift.Duration
    typealias Instant = ContinuousClock.Instant

    var now: Instant { ContinuousClock.now }
    var minimumResolution: Duration { .milliseconds(1) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        let sleeper = Sleeper()
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                sleeper.sleep(for: deadline - now, continuation)
            }
        } onCancel: {
            sleeper.end(.failure(CancellationError()))
        }
    }
}

/// One sleep, which ends once: in time, or cancelled.
private final class Sleeper: Sendable {
    private struct State {
        var continuation: CheckedContinuation<Void, any Error>?
        var alarm: Scheduled<Void>?
        var isCancelled = false
    }

    private let state = Mutex(State())

    func sleep(for time: Duration, _ continuation: CheckedContinuation<Void, any Error>) {
        let isCancelled = state.withLock { state in
            if !state.isCancelled { state.continuation = continuation }
            return state.isCancelled
        }
        guard !isCancelled else { return continuation.resume(throwing: CancellationError()) }
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let alarm = loop.scheduleTask(in: TimeAmount(max(.zero, time))) {
            self.end(.success(()))
        }
        let isOver = state.withLock { state in
            if state.continuation != nil { state.alarm = alarm }
            return state.continuation == nil
        }
        if isOver { alarm.cancel() }
    }

    func end(_ ending: Result<Void, any Error>) {
        let (continuation, alarm) = state.withLock { state in
            defer { state = State(isCancelled: true) }
            return (state.continuation, state.alarm)
        }
        alarm?.cancel()
        continuation?.resume(with: ending)
    }
}
