import Metering
import Testing

struct UsageMeterTests {
    /// What happens to a meter.
    enum Event: Sendable {
        case deliver(Int)
        case report([UsageClass: Int64])
        case final([UsageClass: Int64])
        case invalid
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let events: [Event]
        let source: UsageReading.Source
        let usage: [UsageClass: Int64]

        init(
            _ name: String,
            _ events: [Event],
            _ source: UsageReading.Source,
            _ usage: [UsageClass: Int64],
        ) {
            testDescription = name
            self.events = events
            self.source = source
            self.usage = usage.merging([.request: 1]) { stated, _ in stated }
        }
    }

    /// The input's estimate is 50, the output limit 20, a token has 4 bytes.
    static let rows = [
        Row("nothing passed", [], .estimated, [.input: 50]),
        Row(
            "text without a report",
            [.deliver(9), .deliver(4)],
            .estimated,
            [.input: 50, .output: 4],
        ),
        Row("more text than the limit", [.deliver(4000)], .estimated, [.input: 50, .output: 20]),
        Row(
            "a final report",
            [.deliver(400), .final([.input: 7, .output: 3])],
            .reported,
            [.input: 7, .output: 3],
        ),
        Row("a final report of nothing", [.final([:])], .reported, [:]),
        Row(
            "a final report of nothing beside a text is none",
            [.deliver(40), .final([.input: 0, .output: 0])],
            .estimated,
            [.input: 50, .output: 10],
        ),
        Row(
            "a report of more than the limit is believed",
            [.final([.input: 1, .output: 99])],
            .reported,
            [.input: 1, .output: 99],
        ),
        Row(
            "the last value wins, never a sum",
            [.report([.input: 9, .output: 1]), .final([.output: 5]), .final([.output: 6])],
            .reported,
            [.input: 9, .output: 6],
        ),
        Row(
            "a later report replaces field by field",
            [.report([.input: 9, .cacheRead: 4]), .final([.cacheRead: 0, .output: 2])],
            .reported,
            [.input: 9, .output: 2],
        ),
        Row(
            "a smaller total replaces a larger one",
            [.final([.input: 9, .output: 8]), .final([.output: 3])],
            .reported,
            [.input: 9, .output: 3],
        ),
        Row(
            "input reported, then a break: the text is estimated",
            [.report([.input: 7, .cacheRead: 2]), .deliver(8)],
            .estimated,
            [.input: 7, .cacheRead: 2, .output: 2],
        ),
        Row(
            "a reported output above the estimate stands",
            [.report([.input: 7, .output: 6]), .deliver(8)],
            .estimated,
            [.input: 7, .output: 6],
        ),
        Row(
            "an estimate above the reported output replaces all of it",
            [.report([.input: 7, .output: 1, .reasoning: 1]), .deliver(40)],
            .estimated,
            [.input: 7, .output: 10],
        ),
        Row(
            "output without input: the input is estimated",
            [.report([.output: 6])],
            .estimated,
            [.input: 50, .output: 6],
        ),
        Row(
            "an invalid report is none",
            [.invalid, .deliver(8)],
            .estimated,
            [.input: 50, .output: 2],
        ),
        Row(
            "an invalid report takes what came before with it",
            [.final([.input: 7, .output: 3]), .invalid, .deliver(8)],
            .estimated,
            [.input: 50, .output: 2],
        ),
        Row(
            "a valid final report after an invalid one is believed",
            [.invalid, .final([.input: 7, .output: 3])],
            .reported,
            [.input: 7, .output: 3],
        ),
        Row(
            "a report that is not final does not heal an invalid one",
            [.invalid, .report([.input: 7])],
            .estimated,
            [.input: 50],
        ),
        Row(
            "a negative count is no report",
            [.final([.input: -1, .output: 3])],
            .estimated,
            [.input: 50],
        ),
        Row(
            "an impossible count is no report",
            [.final([.input: 1, .output: UsageMeter.largestCount + 1])],
            .estimated,
            [.input: 50],
        ),
        Row(
            "the largest count is a report",
            [.final([.output: UsageMeter.largestCount])],
            .reported,
            [.output: UsageMeter.largestCount],
        ),
        Row(
            "searches and images are counted beside tokens",
            [.final([.input: 1, .webSearch: 3, .image: 2])],
            .reported,
            [.input: 1, .webSearch: 3, .image: 2],
        ),
    ]

    @Test(arguments: rows)
    func `a reading follows from what passed`(_ row: Row) {
        var meter = UsageMeter(.init(inputEstimate: 50, outputLimit: 20, bytesPerToken: 4))
        for event in row.events { meter.take(event) }
        #expect(meter.reading == UsageReading(usage: Usage(row.usage), source: row.source))
    }

    @Test(arguments: [(0, Int64(0)), (1, 1), (4, 1), (5, 2), (400, 100)])
    func `text is estimated in whole tokens, rounded up`(_ bytes: Int, _ tokens: Int64) {
        var meter = UsageMeter(.init(inputEstimate: 0, outputLimit: 1, bytesPerToken: 4))
        meter.deliver(bytes: bytes)
        #expect(meter.estimatedOutput == tokens)
    }

    @Test(arguments: [
        (Int64(100), 400 * 4, false), (100, 400 * 4 + 1, true), (1, 64 * 4, false),
        (1, 64 * 4 + 1, true), (0, 257, true), (.max, 1_000_000_000, false),
    ])
    func `far more text than the limit allows is a runaway`(
        _ limit: Int64,
        _ bytes: Int,
        _ isRunaway: Bool,
    ) {
        var meter = UsageMeter(.init(inputEstimate: 0, outputLimit: limit, bytesPerToken: 4))
        meter.deliver(bytes: bytes)
        #expect(meter.isRunaway == isRunaway)
    }

    @Test func `however the text is split, the estimate is the same`() {
        let bounds = UsageMeter.Bounds(inputEstimate: 3, outputLimit: 1000, bytesPerToken: 4)
        let readings = [[1000], [1, 999], [333, 333, 334], Array(repeating: 1, count: 1000)]
            .map { pieces in
                var meter = UsageMeter(bounds)
                for piece in pieces { meter.deliver(bytes: piece) }
                return meter.reading
            }
        #expect(Set(readings).count == 1)
    }
}

extension UsageMeter {
    fileprivate mutating func take(_ event: UsageMeterTests.Event) {
        switch event {
        case .deliver(let bytes): deliver(bytes: bytes)
        case .report(let counts): accept(UsageReport(counts), isFinal: false)
        case .final(let counts): accept(UsageReport(counts), isFinal: true)
        case .invalid: rejectReport()
        }
    }
}
