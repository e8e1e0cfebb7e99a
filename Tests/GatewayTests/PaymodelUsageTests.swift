import GatewayTestKit
import Metering
import Primitives
import Receipts
import Testing

@testable import Gateway

@Suite struct PaymodelUsageTests {
    /// PM-6.
    @Test(arguments: [
        ("2026-03-04T00:00:00Z", "2026-02-26"), ("2026-03-04T23:59:59.999Z", "2026-02-26"),
        ("2026-03-05T00:00:00Z", "2026-02-27"),
    ])
    func `seven days are told, today among them`(_ now: String, _ first: String) throws {
        let now = try #require(Timestamp(iso8601: now))
        let start = try #require(Timestamp(iso8601: "\(first)T00:00:00Z"))
        #expect(PaymodelUsage.start(at: now) == start)
    }

    /// PM-31: what models cost is added up as whole numbers, and written once.
    @Test func `a day has the sum of its models, and each model's count`() throws {
        let day = try #require(Timestamp(iso8601: "2026-03-04T05:06:07Z"))
        let usage = Usage([.input: 10, .output: 3])
        var sums = DailyUsage.Sums()
        sums.add(at: day, "a", usage, Amount(1))
        sums.add(at: day, "b", usage, Amount(2_000_001))
        sums.add(at: day, "b", usage, Amount(1))
        sums.add(at: PaymodelUsage.start(at: day), "a", usage, Amount(7))
        let days = PaymodelUsage("0x1", sums.all).usage
        #expect(days.map(\.date) == ["2026-03-04", "2026-02-26"])
        #expect(days.map(\.cost) == ["2.000003", "0.000007"])
        #expect(days.map(\.models) == [["a": 1, "b": 2], ["a": 1]])
        #expect(days.map(\.requests) == [3, 1])
        #expect(days.map(\.inputTokens) == [30, 10] && days.map(\.outputTokens) == [9, 3])
    }
}
