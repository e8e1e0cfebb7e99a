package import Primitives
import Synchronization

/// How often something may happen.
package struct RateLimit: Hashable, Sendable {
    package let count: Int
    package let window: Duration

    package init(count: Int, per window: Duration) {
        precondition(count > 0 && window > .zero, "a limit allows something")
        self.count = count
        self.window = window
    }
}

/// Counts calls by caller in memory, over a sliding window.
///
/// It remembers the time of each call within the window, so it is exact at the window's edges, and
/// forgets callers whose window has passed. It never holds more than `callers` callers: beyond
/// that, the one that called longest ago is forgotten.
package final class WindowLimiter: Sendable {
    private struct State {
        var calls: [String: [Timestamp]] = [:]
        var sweepAt = Timestamp(microseconds: 0)
    }

    private let limit: RateLimit
    private let callers: Int
    private let state = Mutex(State())

    package init(_ limit: RateLimit, callers: Int = 100_000) {
        self.limit = limit
        self.callers = callers
    }

    /// Counts a call of `caller`.
    ///
    /// - Returns: `nil` if it is allowed, else how long until the next one is.
    package func admit(_ caller: String, at now: Timestamp) -> Duration? {
        let windowStart = now.advanced(by: .zero - limit.window)
        return state.withLock { state in
            var calls = (state.calls[caller] ?? []).filter { $0 > windowStart && $0 <= now }
            guard calls.count < limit.count else {
                state.calls[caller] = calls
                let wait = (calls.first ?? now).microseconds - windowStart.microseconds
                return .microseconds(max(1, wait))
            }
            makeRoom(&state, at: now, windowStart: windowStart)
            calls.append(now)
            state.calls[caller] = calls
            return nil
        }
    }

    private func makeRoom(_ state: inout State, at now: Timestamp, windowStart: Timestamp) {
        if now >= state.sweepAt {
            state.calls = state.calls.filter { ($0.value.last ?? windowStart) > windowStart }
            state.sweepAt = now.advanced(by: limit.window)
        }
        guard state.calls.count >= callers else { return }
        let oldest = state.calls.min { ($0.value.last ?? now) < ($1.value.last ?? now) }
        if let oldest { state.calls[oldest.key] = nil }
    }
}
