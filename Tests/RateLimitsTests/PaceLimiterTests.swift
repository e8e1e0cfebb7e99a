import Primitives
import RateLimits
import Testing

struct PaceLimiterTests {
    private func at(_ seconds: Double) -> Timestamp {
        Timestamp(microseconds: 1_000_000_000 + Int64(seconds * 1_000_000))
    }

    private func pace(
        requests: Int? = nil,
        tokens: Int? = nil,
        concurrency: Int? = nil,
    ) -> Pace {
        Pace(requestsPerMinute: requests, tokensPerMinute: tokens, concurrency: concurrency)
    }

    @Test func `requests are counted over the last minute, to the microsecond`() throws {
        let limiter = PaceLimiter()
        let two = pace(requests: 2)
        _ = try limiter.admit("a", two, tokens: 1, at: at(0))
        _ = try limiter.admit("a", two, tokens: 1, at: at(10))
        #expect(throws: PaceLimiter.Refusal.requests(wait: .seconds(40))) {
            try limiter.admit("a", two, tokens: 1, at: at(20))
        }
        #expect(throws: PaceLimiter.Refusal.requests(wait: .microseconds(1))) {
            try limiter.admit("a", two, tokens: 1, at: at(59.999999))
        }
        _ = try limiter.admit("a", two, tokens: 1, at: at(60))
        _ = try limiter.admit("b", two, tokens: 1, at: at(60))
    }

    @Test func `tokens are counted at their most until it is known what was taken`() throws {
        let limiter = PaceLimiter()
        let thousand = pace(tokens: 1000)
        let first = try limiter.admit("a", thousand, tokens: 800, at: at(0))
        #expect(throws: PaceLimiter.Refusal.tokens(wait: .seconds(59))) {
            try limiter.admit("a", thousand, tokens: 300, at: at(1))
        }
        first.took(tokens: 700)
        _ = try limiter.admit("a", thousand, tokens: 300, at: at(2))
        #expect(throws: PaceLimiter.Refusal.tokens(wait: .seconds(57))) {
            try limiter.admit("a", thousand, tokens: 1, at: at(3))
        }
        // When the first leaves the window, its 700 do.
        _ = try limiter.admit("a", thousand, tokens: 700, at: at(60))
    }

    @Test func `a request larger than the limit is admitted alone`() throws {
        let limiter = PaceLimiter()
        let ten = pace(tokens: 10)
        _ = try limiter.admit("a", ten, tokens: 5000, at: at(0))
        #expect(throws: PaceLimiter.Refusal.self) {
            try limiter.admit("a", ten, tokens: 1, at: at(30))
        }
        _ = try limiter.admit("a", ten, tokens: 5000, at: at(60))
        #expect(throws: PaceLimiter.Refusal.self) {
            try limiter.admit("a", ten, tokens: .max, at: at(61))
        }
    }

    @Test func `what runs is counted until the last reference to it is gone`() throws {
        let limiter = PaceLimiter()
        let one = pace(concurrency: 1)
        var running: Admission? = try limiter.admit("a", one, tokens: 1, at: at(0))
        let other = running
        running = nil
        #expect(throws: PaceLimiter.Refusal.concurrency) {
            try limiter.admit("a", one, tokens: 1, at: at(500))
        }
        withExtendedLifetime(other) {}
    }

    @Test func `what has ended has no place, whoever still refers to it`() throws {
        let limiter = PaceLimiter()
        let one = pace(concurrency: 1)
        let first = try limiter.admit("a", one, tokens: 1, at: at(0))
        first.end()
        let second = try limiter.admit("a", one, tokens: 1, at: at(1))
        // Its place is another's by now.
        first.end()
        #expect(throws: PaceLimiter.Refusal.concurrency) {
            try limiter.admit("a", one, tokens: 1, at: at(2))
        }
        withExtendedLifetime((first, second)) {}
    }

    @Test func `a place that was given back is free`() throws {
        let limiter = PaceLimiter()
        for second in 0..<3 {
            _ = try limiter.admit("a", pace(concurrency: 1), tokens: 1, at: at(Double(second)))
        }
    }

    @Test func `callers whose minute has passed are forgotten, and those who run are not`() throws {
        let limiter = PaceLimiter()
        let running = try limiter.admit("running", pace(concurrency: 1), tokens: 1, at: at(0))
        for number in 0..<100 {
            _ = try limiter.admit("c\(number)", pace(requests: 1), tokens: 1, at: at(1))
        }
        _ = try limiter.admit("late", pace(requests: 1), tokens: 1, at: at(200))
        #expect(limiter.callerCount == 2)
        #expect(throws: PaceLimiter.Refusal.concurrency) {
            try limiter.admit("running", pace(concurrency: 1), tokens: 1, at: at(201))
        }
        withExtendedLifetime(running) {}
    }

    @Test func `a key without limits is not remembered`() throws {
        let limiter = PaceLimiter()
        _ = try limiter.admit("a", pace(), tokens: .max, at: at(0))
        #expect(limiter.callerCount == 0)
    }

    @Test func `a limit that is set counts what runs already`() throws {
        let limiter = PaceLimiter()
        let running = try (0..<2).map { _ in try limiter.admit("a", pace(), tokens: 1, at: at(0)) }
        #expect(throws: PaceLimiter.Refusal.concurrency) {
            try limiter.admit("a", pace(concurrency: 2), tokens: 1, at: at(1))
        }
        _ = try limiter.admit("a", pace(concurrency: 3), tokens: 1, at: at(1))
        withExtendedLifetime(running) {}
    }

    @Test func `a clock that jumps back locks nobody out`() throws {
        let limiter = PaceLimiter()
        _ = try limiter.admit("a", pace(requests: 1), tokens: 1, at: at(1000))
        _ = try limiter.admit("a", pace(requests: 1), tokens: 1, at: at(0))
    }
}
