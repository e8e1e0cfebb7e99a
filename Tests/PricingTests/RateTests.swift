import FoundationEssentials
import Metering
import Primitives
import Testing

@testable import Pricing

struct RateTests {
    private static let tiered = RateCardDraft.sample { draft in
        draft.rates[0].tiers = [
            RateCardDraft.Tier(above: 2000, cost: [.input: 5_000_000, .output: 6_000_000]),
            RateCardDraft.Tier(above: 1000, cost: [.input: 3_000_000, .output: 4_000_000]),
        ]
    }

    @Test(arguments: [
        (Int64(0), Int64(20)), (1000, 1020), (1001, 3043), (2000, 6040), (2001, 10065),
    ])
    func `a tier prices the whole request`(_ input: Int64, _ charge: Int64) throws {
        let rate = try RateTests.tiered.onlyRate()
        #expect(rate.price(of: Usage([.input: input, .output: 10])) == Amount(charge))
    }

    @Test func `every token that is read counts towards a tier`() throws {
        let rate = try RateTests.tiered.onlyRate()
        let usage = Usage([.input: 400, .cacheRead: 400, .cacheWrite5m: 201])
        #expect(rate.price(of: usage) == Amount(3 * 1001))
    }

    @Test func `a class without a price of its own has the price of what it is part of`() throws {
        let rate = try RateCardDraft.sample { draft in
            draft.rates[0].cost[.cacheWrite5m] = 1_250_000
        }.onlyRate()
        let table = rate.standard
        for (kind, cost) in [
            (UsageClass.cacheRead, Int64(1_000_000)), (.cacheWrite1h, 1_250_000),
            (.audioInput, 1_000_000), (.reasoning, 2_000_000), (.audioOutput, 2_000_000),
            (.image, 0), (.webSearch, 0), (.request, 0),
        ] {
            #expect(table.cost[kind] == cost && table.price[kind] == cost, "\(kind)")
        }
        #expect(!rate.allowsWebSearch)
    }

    @Test func `a stated price stands, the others are the cost and the markup`() throws {
        let rate = try RateCardDraft.sample(markup: 1000) { draft in
            draft.rates[0].price = [.output: 9_000_000]
        }.onlyRate()
        #expect(rate.standard.price[.input] == 1_100_000)
        #expect(rate.standard.price[.cacheRead] == 1_100_000)
        #expect(rate.standard.price[.output] == 9_000_000)
        #expect(rate.standard.price[.reasoning] == 9_000_000)
        #expect(rate.standard.cost[.reasoning] == 2_000_000)
        #expect(
            UsageClass.allCases.allSatisfy { kind in
                (rate.standard.cost[kind] ?? .max) <= (rate.standard.price[kind] ?? -1)
            }
        )
    }

    @Test func `a row's markup replaces the card's`() throws {
        let rate = try RateCardDraft.sample(markup: 1000) { draft in
            draft.rates[0].markupBasisPoints = 2000
        }.onlyRate()
        #expect(rate.markupBasisPoints == 2000)
        #expect(rate.standard.price[.input] == 1_200_000)
    }

    @Test func `a card is found by its models and aliases, and read back as written`() throws {
        let card = try RateCardDraft.sample { draft in
            draft.rates[0].aliases = ["sample", "gpt"]
        }.published()
        #expect(Set(card.index().keys) == ["openai/sample", "sample", "gpt"])
        let text = try JSONEncoder().encode(card)
        #expect(try JSONDecoder().decode(RateCard.self, from: text) == card)
    }
}
