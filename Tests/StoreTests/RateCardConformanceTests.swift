import GatewayTestKit
import Pricing
import Primitives
import Testing

struct RateCardConformanceTests {
    @Test(arguments: StoreKind.allCases)
    func `the card published last is the current one, also a second time`(
        _ kind: StoreKind
    ) async throws {
        try await kind.withStore { store in
            let cards = try ["a", "b"].map { try RateCardDraft.sample($0).published() }
            for (index, card) in [cards[0], cards[1], cards[1], cards[0]].enumerated() {
                try await store.write(.durable) {
                    try $0.publishOnce(card, at: .second(Int64(index)))
                }
                #expect(try await store.read { try $0.currentRateCard() } == card)
            }
            #expect(try await store.read { try $0.rateCard("b") } == cards[1])
            #expect(try await store.read { try $0.rateCard("c") } == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a version never has other content`(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let first = try RateCardDraft.sample("a").published()
            let other = try RateCardDraft.sample("a", markup: 5).published()
            try await store.write(.durable) { try $0.publishOnce(first, at: .second(0)) }
            await #expect(throws: RateCardError.existsWithDifferentContent(version: "a")) {
                try await store.write(.durable) { try $0.publishOnce(other, at: .second(1)) }
            }
            #expect(try await store.read { try $0.currentRateCard() } == first)
            // The slice itself keeps the content too, whatever it is told.
            try await store.write(.durable) { try $0.publish(other, at: .second(2)) }
            #expect(try await store.read { try $0.rateCard("a") } == first)
        }
    }
}
