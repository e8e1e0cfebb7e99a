import Primitives
import RateLimits
import Testing

@Suite struct WindowLimiterTests {
    private func at(_ seconds: Double) -> Timestamp {
        Timestamp(microseconds: 1_000_000_000 + Int64(seconds * 1_000_000))
    }

    @Test func `the limit is exact at the edge of the window`() {
        let limiter = WindowLimiter(RateLimit(count: 3, per: .seconds(60)))
        for second in 0..<3 { #expect(limiter.admit("a", at: at(Double(second))) == nil) }
        #expect(limiter.admit("a", at: at(59.999)) == .milliseconds(1))
        #expect(limiter.admit("a", at: at(60)) == nil)
        #expect(limiter.admit("a", at: at(60)) == .seconds(1))
    }

    @Test func `callers do not share a limit`() {
        let limiter = WindowLimiter(RateLimit(count: 1, per: .seconds(60)))
        #expect(limiter.admit("a", at: at(0)) == nil)
        #expect(limiter.admit("b", at: at(0)) == nil)
        #expect(limiter.admit("a", at: at(1)) != nil)
    }

    @Test func `it remembers no more callers than it may`() {
        let limiter = WindowLimiter(RateLimit(count: 1, per: .seconds(60)), callers: 2)
        for (index, caller) in ["a", "b", "c"].enumerated() {
            #expect(limiter.admit(caller, at: at(Double(index))) == nil)
        }
        #expect(limiter.admit("c", at: at(3)) != nil)
        #expect(limiter.admit("a", at: at(3)) == nil)
    }

    @Test func `a clock that jumps back locks nobody out`() {
        let limiter = WindowLimiter(RateLimit(count: 1, per: .seconds(60)))
        #expect(limiter.admit("a", at: at(1000)) == nil)
        #expect(limiter.admit("a", at: at(0)) == nil)
    }
}
