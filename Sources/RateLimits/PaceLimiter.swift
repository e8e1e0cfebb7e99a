package import Primitives
import Synchronization

/// How fast one caller may go; `nil` where there is no limit.
package struct Pace: Hashable, Sendable {
    package let requestsPerMinute: Int?
    package let tokensPerMinute: Int?
    /// How many may run at a time.
    package let concurrency: Int?

    package init(requestsPerMinute: Int?, tokensPerMinute: Int?, concurrency: Int?) {
        self.requestsPerMinute = requestsPerMinute
        self.tokensPerMinute = tokensPerMinute
        self.concurrency = concurrency
    }

    /// Whether requests have to be remembered for a minute.
    fileprivate var hasRates: Bool { requestsPerMinute != nil || tokensPerMinute != nil }
}

/// Counts the requests and tokens of the last minute and what runs now, by caller, in memory.
///
/// What runs is counted whether or not it is limited, so that a limit holds from when it is set;
/// requests and tokens are counted from when they are.
///
/// A request is counted with the most tokens it can take when it is admitted, and with what it took
/// when that is known; so the limit is never exceeded, not even for a moment, but by a request whose
/// most is alone above it.
package final class PaceLimiter: Sendable {
    /// Why a request was not admitted, and how long until it may be.
    package enum Refusal: Error, Hashable {
        case requests(wait: Duration)
        case tokens(wait: Duration)
        case concurrency
    }

    fileprivate struct Entry {
        let id: Int
        let at: Timestamp
        var tokens: Int64
    }

    fileprivate struct Caller {
        var entries: [Entry] = []
        var running = 0
    }

    fileprivate struct State {
        var callers: [String: Caller] = [:]
        var nextID = 0
        var sweepAt = Timestamp(microseconds: 0)
    }

    fileprivate static let window = Duration.seconds(60)
    private let state = Mutex(State())

    package init() {}

    /// How many callers are remembered.
    package var callerCount: Int { state.withLock(\.callers.count) }

    /// Counts a request of `caller` that takes at most `tokens`.
    ///
    /// One that alone exceeds the limit of tokens is admitted when nothing else is counted.
    ///
    /// - Throws: ``Refusal``; nothing is counted.
    package func admit(
        _ caller: String,
        _ pace: Pace,
        tokens: Int64,
        at now: Timestamp,
    ) throws(Refusal) -> Admission {
        let result = state.withLock { state -> Result<Int, Refusal> in
            state.sweep(at: now)
            var record = state.callers[caller] ?? Caller()
            record.forget(before: now.advanced(by: .zero - PaceLimiter.window), at: now)
            let counted = pace.tokensPerMinute.map { min(tokens, Int64($0)) } ?? tokens
            if let refusal = record.refusal(pace, tokens: counted, at: now) {
                state.callers[caller] = record
                return .failure(refusal)
            }
            state.nextID += 1
            if pace.hasRates {
                record.entries.append(Entry(id: state.nextID, at: now, tokens: counted))
            }
            record.running += 1
            state.callers[caller] = record
            return .success(state.nextID)
        }
        return Admission(self, caller, try result.get())
    }

    fileprivate func correct(_ caller: String, _ id: Int, tokens: Int64) {
        state.withLock { state in
            guard let index = state.callers[caller]?.entries.firstIndex(where: { $0.id == id })
            else { return }
            state.callers[caller]?.entries[index].tokens = tokens
        }
    }

    fileprivate func leave(_ caller: String) {
        state.withLock { state in
            guard var record = state.callers[caller] else { return }
            record.running -= 1
            let isForgotten = record.running == 0 && record.entries.isEmpty
            state.callers[caller] = isForgotten ? nil : record
        }
    }
}

/// A request that was admitted: it runs until it is ended, or the last reference to it is gone.
package final class Admission: Sendable {
    private let limiter: PaceLimiter
    private let caller: String
    private let id: Int
    private let hasEnded = Mutex(false)

    fileprivate init(_ limiter: PaceLimiter, _ caller: String, _ id: Int) {
        self.limiter = limiter
        self.caller = caller
        self.id = id
    }

    deinit { end() }

    /// Gives the request's place back, once.
    ///
    /// Whoever asks again when he has heard the end of an answer must find the place free, so this
    /// comes before that end is told.
    package func end() {
        let isOver = hasEnded.withLock { hasEnded in
            defer { hasEnded = true }
            return hasEnded
        }
        if !isOver { limiter.leave(caller) }
    }

    /// Counts what the request took in place of the most that it could take.
    package func took(tokens: Int64) { limiter.correct(caller, id, tokens: tokens) }
}

extension PaceLimiter.State {
    /// Forgets callers of whom nothing is counted any more; once a minute, for it looks at all.
    fileprivate mutating func sweep(at now: Timestamp) {
        guard now >= sweepAt else { return }
        sweepAt = now.advanced(by: PaceLimiter.window)
        let start = now.advanced(by: .zero - PaceLimiter.window)
        callers = callers.filter { _, caller in
            caller.running > 0 || caller.entries.contains { $0.at > start && $0.at <= now }
        }
    }
}

extension PaceLimiter.Caller {
    fileprivate mutating func forget(before start: Timestamp, at now: Timestamp) {
        entries.removeAll { $0.at <= start || $0.at > now }
    }

    fileprivate func refusal(
        _ pace: Pace,
        tokens: Int64,
        at now: Timestamp,
    ) -> PaceLimiter.Refusal? {
        if let most = pace.concurrency, running >= most { return .concurrency }
        if let most = pace.requestsPerMinute, entries.count >= most {
            return .requests(wait: wait(at: now) { left, _ in left < most })
        }
        let counted = entries.reduce(0) { $0 + $1.tokens }
        if let most = pace.tokensPerMinute, counted > 0, counted + tokens > Int64(most) {
            return .tokens(wait: wait(at: now) { _, left in left + tokens <= Int64(most) })
        }
        return nil
    }

    /// How long until so many entries have left the window that `fits` is true of what is left.
    private func wait(
        at now: Timestamp,
        until fits: (_ entries: Int, _ tokens: Int64) -> Bool,
    ) -> Duration {
        var tokens = entries.reduce(0) { $0 + $1.tokens }
        for (index, entry) in entries.enumerated() {
            tokens -= entry.tokens
            guard fits(entries.count - index - 1, tokens) else { continue }
            let passed = now.microseconds - entry.at.microseconds
            return max(.microseconds(1), PaceLimiter.window - .microseconds(passed))
        }
        return PaceLimiter.window
    }
}
