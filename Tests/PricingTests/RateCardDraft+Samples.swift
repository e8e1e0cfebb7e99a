import Metering

@testable import Pricing

extension RateCardDraft {
    /// One row of 1 USD in and 2 USD out per million tokens, changed by `change`.
    static func sample(
        markup: Int64 = 0,
        _ change: (inout RateCardDraft) -> Void = { _ in },
    ) -> RateCardDraft {
        var draft = RateCardDraft(
            version: "v1",
            source: "made up",
            markupBasisPoints: markup,
            rates: [.sample()],
        )
        change(&draft)
        return draft
    }

    /// The only rate that the draft becomes.
    func onlyRate() throws -> Rate {
        guard let rate = try published().rates.first else {
            preconditionFailure("a sample draft has a row")
        }
        return rate
    }
}

extension RateCardDraft.Row {
    static func sample(
        _ model: String = "openai/sample",
        upstream: String = "openai",
        cost: [UsageClass: Int64] = [.input: 1_000_000, .output: 2_000_000],
    ) -> RateCardDraft.Row {
        RateCardDraft.Row(
            model: model,
            upstream: upstream,
            limits: Rate.Limits(context: 100_000, maxOutput: 4000),
            cost: cost,
        )
    }
}
