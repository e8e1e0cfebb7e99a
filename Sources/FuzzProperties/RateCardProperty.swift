import Gateway
import Metering
import NIOCore
import Pricing
import Primitives

/// A card that is published prices every class of every model, never below its cost, by rows that
/// were read in full, and is the same card when it comes back from a store.
enum RateCardProperty {
    static func check(_ bytes: [UInt8]) throws(BrokenProperty) -> Verdict {
        let body = ByteBuffer(bytes: bytes)
        guard let draft = try Message.read(RateCardDraft.self, of: body)
        else { return .refused }
        guard let plain = PlainJSON(bytes) else {
            throw BrokenProperty(description: "what is no JSON is accepted")
        }
        let card: RateCard
        do throws(RateCardError) {
            card = try draft.published()
        } catch {
            try demand(!draft.problems().isEmpty, "a card without problems is refused")
            return .refused
        }
        try checkKeys(plain)
        for (row, rate) in zip(draft.rates, card.rates) { try check(rate, of: row, in: draft) }
        let names = card.rates.flatMap { [$0.model] + $0.aliases }
        try demand(card.index().count == names.count, "a name means two models")
        try Message.demandSameAfterStore(card)
        return .accepted
    }

    /// A member that is misspelt would leave a price unset.
    private static func checkKeys(_ plain: PlainJSON) throws(BrokenProperty) {
        try Message.demandKnown(plain, ["version", "source", "markup_bps", "rates"])
        guard case .array(let rows)? = plain.member("rates") else { return }
        for row in rows {
            try Message.demandKnown(row, RateCardDraft.Row.keys)
            guard case .array(let tiers)? = row.member("tiers") else { continue }
            for tier in tiers { try Message.demandKnown(tier, ["above", "cost", "price"]) }
        }
    }

    private static func check(
        _ rate: Rate,
        of row: RateCardDraft.Row,
        in draft: RateCardDraft,
    ) throws(BrokenProperty) {
        let markup = row.markupBasisPoints ?? draft.markupBasisPoints
        try check(rate.standard, row.cost, row.price ?? [:], markup)
        let tiers = (row.tiers ?? []).sorted { $0.above < $1.above }
        for (tier, stated) in zip(rate.tiers, tiers) {
            try check(tier.prices, stated.cost, stated.price ?? [:], markup)
        }
        let bounds = rate.tiers.map(\.above)
        try demand(
            zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 },
            "two tiers begin at one size: \(bounds)",
        )
        for tokens in [0, 1, 999_999] + bounds + bounds.map(\.successorOrSelf) {
            let usage = Usage([.input: tokens, .output: 1000, .cacheWrite1h: 3, .request: 1])
            try demand(rate.cost(of: usage) <= rate.price(of: usage), "\(usage) is sold at a loss")
        }
    }

    private static func check(
        _ table: PriceTable,
        _ cost: [UsageClass: Int64],
        _ price: [UsageClass: Int64],
        _ markup: Int64,
    ) throws(BrokenProperty) {
        for kind in UsageClass.allCases {
            guard let ours = table.cost[kind], let theirs = table.price[kind] else {
                throw BrokenProperty(description: "\(kind) has no price")
            }
            try demand(theirs >= ours, "\(kind) is sold at \(theirs) and costs \(ours)")
            if let stated = price[kind] {
                try demand(theirs == stated, "\(kind) costs \(theirs), not \(stated)")
            } else if let base = cost[kind] {
                // The least price that is not below the cost and its markup.
                let exact = Int128(base) * Int128(10_000 + markup)
                let (least, below) = (Int128(theirs) * 10_000, (Int128(theirs) - 1) * 10_000)
                try demand(least >= exact && below < exact, "\(kind): \(base) became \(theirs)")
            }
            if UsageClass.inputTokens.contains(kind) || UsageClass.outputTokens.contains(kind) {
                try demand(ours > 0, "\(kind) is free")
            }
        }
    }
}

extension Int64 {
    fileprivate var successorOrSelf: Int64 { self == .max ? self : self + 1 }
}
