import Metering
import Testing

@testable import Pricing

struct DraftTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let change: @Sendable (inout RateCardDraft) -> Void
        let problems: [String]

        init(
            _ name: String,
            _ problems: [String],
            _ change: @escaping @Sendable (inout RateCardDraft) -> Void,
        ) {
            testDescription = name
            self.change = change
            self.problems = problems
        }
    }

    static let rows = [
        Row("a right one", []) { _ in },
        Row("no version", ["version: is empty"]) { $0.version = "" },
        Row("no rates", ["rates: is empty"]) { $0.rates = [] },
        Row("no model", [": model: is empty"]) { $0.rates[0].model = "" },
        Row("no upstream", ["openai/sample: upstream: is empty"]) { $0.rates[0].upstream = "" },
        Row("an empty category", ["openai/sample: category: is empty"]) {
            $0.rates[0].category = ""
        },
        Row(
            "a price of zero",
            [
                "openai/sample: cost.input: 0 is not within 10000 and 180000000 micro-USD per 1000000"
            ],
        ) { $0.rates[0].cost[.input] = 0 },
        Row(
            "a negative price",
            [
                "openai/sample: cost.output: -5 is not within 20000 and 1000000000 micro-USD per 1000000"
            ],
        ) { $0.rates[0].cost[.output] = -5 },
        Row("a missing price", ["openai/sample: cost.output: is missing"]) {
            $0.rates[0].cost[.output] = nil
        },
        Row(
            "an absurd price",
            [
                "openai/sample: cost.output: 1000000001 is not within 20000 and 1000000000 micro-USD per 1000000"
            ],
        ) { $0.rates[0].cost[.output] = 1_000_000_001 },
        Row("the highest prices", []) {
            $0.rates[0].cost = [
                .input: 180_000_000, .output: 1_000_000_000, .cacheWrite1h: 400_000_000,
            ]
        },
        Row("the lowest prices", []) {
            $0.rates[0].cost = [.input: 10_000, .output: 20_000, .cacheRead: 500]
        },
        Row(
            "prices per 1,000 taken for prices per 1,000,000",
            [
                "openai/sample: cost.input: 3000 is not within 10000 and 180000000 micro-USD per 1000000",
                "openai/sample: cost.cache_read: 300 is not within 500 and 400000000 micro-USD per 1000000",
                "openai/sample: cost.output: 15000 is not within 20000 and 1000000000 micro-USD per 1000000",
            ],
        ) { $0.rates[0].cost = [.input: 3000, .output: 15_000, .cacheRead: 300] },
        Row(
            "a price a thousand times its cost",
            [
                "openai/sample: price.input: 1000000000 is not within 10000 and 180000000 micro-USD per 1000000"
            ],
        ) { $0.rates[0].price = [.input: 1_000_000_000] },
        Row(
            "an absurd price of a search",
            [
                "openai/sample: cost.web_search: 100000000000001 is not within 1 and 100000000000000 micro-USD per 1000000"
            ],
        ) { $0.rates[0].cost[.webSearch] = 100_000_000_000_001 },
        Row("a price below its cost", ["openai/sample: price.input: is below its cost"]) {
            $0.rates[0].price = [.input: 999_999]
        },
        Row("a price that is its cost", []) { $0.rates[0].price = [.input: 1_000_000] },
        Row("a price without a cost", ["openai/sample: price.image: has no cost beside it"]) {
            $0.rates[0].price = [.image: 5]
        },
        Row(
            "a cache dearer than the input",
            [
                "openai/sample: cost.cache_read: is above cost.input"
            ],
        ) { $0.rates[0].cost[.cacheRead] = 1_000_001 },
        Row(
            "two rows of one name",
            ["openai/sample: the name openai/sample is taken by openai/sample"],
        ) {
            $0.rates.append(.sample())
        },
        Row(
            "an alias that is another's name",
            ["b: the name openai/sample is taken by openai/sample"],
        ) {
            var other = RateCardDraft.Row.sample("b")
            other.aliases = ["openai/sample"]
            $0.rates.append(other)
        },
        Row("an alias twice", ["openai/sample: the name a is taken by openai/sample"]) {
            $0.rates[0].aliases = ["a", "a"]
        },
        Row(
            "anthropic without cache prices",
            [
                "claude: cost.cache_read: is missing", "claude: cost.cache_write_5m: is missing",
                "claude: cost.cache_write_1h: is missing",
            ],
        ) { $0.rates = [.sample("claude", upstream: "anthropic")] },
        Row("an absurd markup", ["openai/sample: markup_bps: 100001 is not within 0 and 100000"]) {
            $0.markupBasisPoints = 100_001
        },
        Row("a negative markup", ["openai/sample: markup_bps: -1 is not within 0 and 100000"]) {
            $0.rates[0].markupBasisPoints = -1
        },
        Row("no bytes in a token", ["openai/sample: bytes_per_token: is not within 1 and 16"]) {
            $0.rates[0].bytesPerToken = 0
        },
        Row("no tokens in an image", ["openai/sample: image_tokens: 0 is not within 1 and 100000"])
        {
            $0.rates[0].imageTokens = 0
        },
        Row(
            "more output than context",
            [
                "openai/sample: limits: need 0 < max_output ≤ context ≤ 100000000"
            ],
        ) { $0.rates[0].limits = Rate.Limits(context: 10, maxOutput: 11) },
        Row(
            "a tier above nothing, without a price",
            [
                "openai/sample: tiers: above is not positive",
                "openai/sample: above 0: cost.output: is missing",
            ],
        ) { $0.rates[0].tiers = [RateCardDraft.Tier(above: 0, cost: [.input: 10_000])] },
        Row("two tiers of one size", ["openai/sample: tiers: two begin at one size"]) {
            let tier = RateCardDraft.Tier(above: 9, cost: [.input: 10_000, .output: 20_000])
            $0.rates[0].tiers = [tier, tier]
        },
    ]

    @Test(arguments: rows)
    func `a draft is refused with every reason`(_ row: Row) {
        let draft = RateCardDraft.sample(row.change)
        #expect(draft.problems() == row.problems)
        if row.problems.isEmpty {
            #expect(throws: Never.self) { try draft.published() }
        } else {
            #expect(throws: RateCardError.refused(row.problems)) { try draft.published() }
        }
    }
}
