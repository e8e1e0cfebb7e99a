import Metering
import Primitives
import Testing

@testable import Pricing

/// Quotes at 1 micro-USD a token in and 2 out, for 1,000 tokens in at most and 250 probably.
struct QuoteTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let available: Int64
        let fit: Quote.Fit
        var mode = HoldMode.strict
        var mayLower = true
        var demand = QuoteTests.demand()

        static func hold(
            _ name: String,
            _ mode: HoldMode,
            _ available: Int64,
            holds amount: Int64,
            output: Int64,
            isLowered: Bool = false,
            demand: Demand = QuoteTests.demand(),
        ) -> Row {
            Row(
                testDescription: "\(mode): \(name)",
                available: available,
                fit: .hold(amount: Amount(amount), outputLimit: output, isLowered: isLowered),
                mode: mode,
                demand: demand,
            )
        }

        static func refusal(
            _ name: String,
            _ mode: HoldMode,
            _ available: Int64,
            needs needed: Int64,
            affords output: Int64,
            mayLower: Bool = true,
            demand: Demand = QuoteTests.demand(),
        ) -> Row {
            Row(
                testDescription: "\(mode): \(name)",
                available: available,
                fit: .refused(
                    needed: Amount(needed),
                    available: Amount(available),
                    affordableOutput: output,
                ),
                mode: mode,
                mayLower: mayLower,
                demand: demand,
            )
        }
    }

    static func demand(
        output: Int64? = 2000,
        thinking: Int64 = 0,
        choices: Int64 = 1,
        searches: Int64 = 0,
    ) -> Demand {
        Demand(
            inputBound: 1000,
            inputEstimate: 250,
            outputLimit: output,
            thinkingBudget: thinking,
            choices: choices,
            webSearches: searches,
        )
    }

    static let strict: [Row] = [
        .refusal("nothing is available", .strict, 0, needs: 5000, affords: 0),
        .refusal("the floor does not fit", .strict, 3047, needs: 5000, affords: 1023),
        .refusal(
            "lowering is forbidden",
            .strict,
            4999,
            needs: 5000,
            affords: 1999,
            mayLower: false,
        ),
        .refusal(
            "a small limit is its own floor",
            .strict,
            1199,
            needs: 1200,
            affords: 99,
            demand: demand(output: 100),
        ),
        .refusal(
            "thinking does not fit",
            .strict,
            4847,
            needs: 5000,
            affords: 1923,
            demand: demand(thinking: 900),
        ),
        .refusal(
            "a thinking budget beyond everything",
            .strict,
            4999,
            needs: 5000,
            affords: 1999,
            demand: demand(thinking: .max),
        ),
        .refusal(
            "an output of nothing cannot be lowered",
            .strict,
            999,
            needs: 1000,
            affords: 0,
            demand: demand(output: 0),
        ),
        .hold("the ceiling fits", .strict, 5000, holds: 5000, output: 2000),
        .hold("more than the ceiling", .strict, 9000, holds: 5000, output: 2000),
        .hold("one token less", .strict, 4999, holds: 4998, output: 1999, isLowered: true),
        .hold("the floor fits", .strict, 3048, holds: 3048, output: 1024, isLowered: true),
        .hold(
            "thinking fits",
            .strict,
            4848,
            holds: 4848,
            output: 1924,
            isLowered: true,
            demand: demand(thinking: 900),
        ),
        .hold(
            "choices share what is left",
            .strict,
            8999,
            holds: 8996,
            output: 1999,
            isLowered: true,
            demand: demand(choices: 2),
        ),
        .hold(
            "no limit is the model's",
            .strict,
            9000,
            holds: 9000,
            output: 4000,
            demand: demand(output: nil),
        ),
        .hold(
            "a limit above the model's is the model's",
            .strict,
            9000,
            holds: 9000,
            output: 4000,
            demand: demand(output: .max),
        ),
        .hold(
            "searches are held",
            .strict,
            35_000,
            holds: 35_000,
            output: 2000,
            demand: demand(searches: 3),
        ),
    ]

    static let adaptive: [Row] = [
        .refusal("nothing is available", .adaptive, 0, needs: 4250, affords: 0),
        .refusal("the floor does not fit", .adaptive, 2297, needs: 4250, affords: 1023),
        .refusal(
            "lowering is forbidden",
            .adaptive,
            4249,
            needs: 4250,
            affords: 1999,
            mayLower: false,
        ),
        .refusal(
            "a small limit is its own floor",
            .adaptive,
            449,
            needs: 450,
            affords: 99,
            demand: demand(output: 100),
        ),
        .hold("the ceiling fits", .adaptive, 5000, holds: 5000, output: 2000),
        .hold("more than the ceiling", .adaptive, 9000, holds: 5000, output: 2000),
        .hold("the estimate fits, so all is held", .adaptive, 4999, holds: 4999, output: 2000),
        .hold("just the estimate", .adaptive, 4250, holds: 4250, output: 2000),
        .hold("below the estimate", .adaptive, 4249, holds: 4249, output: 1999, isLowered: true),
        .hold("the floor fits", .adaptive, 2298, holds: 2298, output: 1024, isLowered: true),
        .hold(
            "choices share what is left",
            .adaptive,
            8249,
            holds: 8249,
            output: 1999,
            isLowered: true,
            demand: demand(choices: 2),
        ),
        .refusal(
            "what searches bring in is not estimated",
            .adaptive,
            33_047,
            needs: 35_000,
            affords: 1023,
            demand: demand(searches: 3),
        ),
        .hold(
            "searches are held for the worst",
            .adaptive,
            34_999,
            holds: 34_998,
            output: 1999,
            isLowered: true,
            demand: demand(searches: 3),
        ),
    ]

    @Test(arguments: strict + adaptive)
    func `a quote is fitted into what is available`(_ row: Row) throws {
        let rate = try RateCardDraft.sample { draft in
            draft.rates[0].cost[.webSearch] = 10_000_000_000
        }.onlyRate()
        let policy = HoldPolicy(mode: row.mode, mayLower: row.mayLower)
        let quote = Quote(rate: rate, demand: row.demand)
        #expect(quote.fit(available: Amount(row.available), policy: policy) == row.fit)
    }

    @Test func `a ceiling is at the highest price that the request could meet`() throws {
        let rate = try RateCardDraft.sample { draft in
            draft.rates[0].cost = [
                .input: 1_000_000, .output: 2_000_000, .cacheRead: 100_000,
                .cacheWrite1h: 2_000_000, .reasoning: 3_000_000, .request: 7_000_000,
            ]
            draft.rates[0].tiers = [
                RateCardDraft.Tier(above: 999, cost: [.input: 5_000_000, .output: 2_500_000]),
                RateCardDraft.Tier(above: 1000, cost: [.input: 9_000_000, .output: 9_000_000]),
            ]
        }.onlyRate()
        let quote = Quote(rate: rate, demand: QuoteTests.demand(output: 10))
        #expect(quote.ceiling == Amount(1000 * 5 + 10 * 3 + 7))
        #expect(quote.estimate == Amount(250 + 10 * 2 + 7))
    }

    @Test(arguments: UInt64(1)...20)
    func `no usage within the bounds costs more than the ceiling`(_ seed: UInt64) throws {
        let rate = try RateCardDraft.sample(markup: 1000) { draft in
            draft.rates[0].cost[.cacheWrite1h] = 1_999_999
            draft.rates[0].tiers = [
                RateCardDraft.Tier(above: 700, cost: [.input: 3_333_333, .output: 1_000_001])
            ]
        }.onlyRate()
        let ceiling = Quote(rate: rate, demand: QuoteTests.demand()).ceiling
        var state = seed
        func draw(_ bound: Int64) -> Int64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1
            return Int64(state >> 33) % (bound + 1)
        }
        for _ in 0..<50 {
            var usage = Usage([.request: 1])
            for kind in UsageClass.inputTokens { usage[kind] = draw(1000 - usage.inputTokens) }
            for kind in UsageClass.outputTokens { usage[kind] = draw(2000 - usage.outputTokens) }
            #expect(rate.price(of: usage) <= ceiling, "seed \(seed): \(usage)")
            #expect(rate.cost(of: usage) <= rate.price(of: usage), "seed \(seed): \(usage)")
        }
    }
}
