import Metering

extension RateCardDraft {
    /// The card that this draft becomes: markup folded in, every class priced.
    ///
    /// - Throws: ``RateCardError/refused(_:)`` with every problem that ``problems()`` finds.
    package func published() throws(RateCardError) -> RateCard {
        let problems = problems()
        guard problems.isEmpty else { throw .refused(problems) }
        return RateCard(version: version, source: source, rates: rates.map(published))
    }

    private func published(_ row: Row) -> Rate {
        let markup = row.markupBasisPoints ?? markupBasisPoints
        return Rate(
            model: row.model,
            aliases: row.aliases ?? [],
            upstream: row.upstream,
            upstreamModel: row.upstreamModel ?? row.model,
            category: row.category,
            limits: row.limits,
            imageTokens: row.imageTokens,
            bytesPerToken: row.bytesPerToken ?? 4,
            markupBasisPoints: markup,
            allowsWebSearch: row.cost[.webSearch] != nil,
            standard: RateCardDraft.table(row.cost, row.price, markup: markup),
            tiers: (row.tiers ?? []).sorted { $0.above < $1.above }.map {
                Rate.Tier(
                    above: $0.above,
                    prices: RateCardDraft.table($0.cost, $0.price, markup: markup),
                )
            },
        )
    }

    private static func table(
        _ cost: [UsageClass: Int64],
        _ price: [UsageClass: Int64]?,
        markup: Int64,
    ) -> PriceTable {
        let marked = cost.mapValues { $0.markedUp(basisPoints: markup) }
        return PriceTable(
            cost: completed(cost),
            price: completed(marked.merging(price ?? [:]) { _, stated in stated }),
        )
    }

    /// Classes that a row does not state cost what the class they are part of costs.
    private static func completed(_ stated: [UsageClass: Int64]) -> [UsageClass: Int64] {
        var full = stated
        let input = stated[.input] ?? 0
        let output = stated[.output] ?? 0
        let write = stated[.cacheWrite5m] ?? input
        let parents: [UsageClass: Int64] = [
            .cacheRead: input, .cacheWrite5m: write, .cacheWrite1h: write, .audioInput: input,
            .reasoning: output, .audioOutput: output, .image: 0, .webSearch: 0, .request: 0,
        ]
        full.merge(parents) { stated, _ in stated }
        return full
    }
}

extension Int64 {
    /// The cost plus so many hundredths of a percent, rounded up.
    package func markedUp(basisPoints: Int64) -> Int64 {
        let product = Int128(self) * Int128(10_000 + basisPoints)
        return Int64(clamping: (product + 9_999) / 10_000)
    }
}
