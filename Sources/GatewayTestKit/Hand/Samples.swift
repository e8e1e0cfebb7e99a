import FoundationEssentials
package import Identity
package import Ledger
package import Metering
package import Pricing
package import Primitives
package import Receipts

extension HoldRequest {
    /// A hold for `customer` whose other content is made up.
    package static func sample(
        _ id: InferenceID,
        of customer: CustomerID,
        _ amount: Amount,
        placedAt: Timestamp = .second(0),
        lease: Timestamp = .second(60),
        key: KeyID = "fbx-000000000000",
        budgets: [Budget] = [],
    ) -> HoldRequest {
        HoldRequest(
            id: id,
            customer: customer,
            key: key,
            amount: amount,
            rateCard: "sample-1",
            subject: "openai/sample",
            placedAt: placedAt,
            lease: lease,
            budgets: budgets,
        )
    }
}

extension Grant {
    /// A grant whose reason is made up.
    package static func sample(
        _ id: String,
        to customer: CustomerID,
        _ amount: Amount,
        _ asset: Asset = .usd,
    ) -> Grant {
        Grant(id: id, customer: customer, asset: asset, amount: amount, reason: "sample")
    }
}

extension Customer {
    /// A customer whose deposit code is made of its id.
    package static func sample(_ id: CustomerID) -> Customer {
        let code = Hexadecimal.text(id.description.utf8) + String(repeating: "0", count: 32)
        return Customer(
            id: id,
            depositCode: String(code.prefix(32)),
            label: "\(id)",
            createdAt: .second(0),
        )
    }
}

extension KeySettings {
    /// Settings of which none is as it is by default.
    package static func sample(_ label: String) -> KeySettings {
        var settings = KeySettings(label: label)
        settings.expiresAt = .second(1000)
        settings.managesKeys = true
        settings.budgets[.total] = 5_000_000
        settings.budgets[.daily] = 1_000_000
        settings.budgets[.weekly] = 2_000_000
        settings.budgets[.monthly] = 3_000_000
        settings.models = ["openai/*", "sample"]
        settings.rates.requestsPerMinute = 60
        settings.rates.tokensPerMinute = 100_000
        settings.rates.concurrency = 4
        settings.refusesLowering = true
        settings.onDisconnect = .cancel
        return settings
    }
}

extension RateCardDraft {
    /// Two models, one of them with a long-context tier; the version is yours.
    ///
    /// Costs of `openai/sample` are 1 and 4 USD per million tokens, with a markup of a tenth.
    package static func sample(
        _ version: String = "sample-1",
        markup: Int = 1000,
    ) throws
        -> RateCardDraft
    {
        let text = """
            {"version": "\(version)", "source": "made up", "markup_bps": \(markup), "rates": [
              {"model": "openai/sample", "aliases": ["sample"], "upstream": "openai",
               "limits": {"context": 128000, "max_output": 16000},
               "cost": {"input": 1000000, "cache_read": 100000, "output": 4000000}},
              {"model": "anthropic/sample", "upstream": "anthropic",
               "limits": {"context": 1000000, "max_output": 64000},
               "cost": {"input": 3000000, "cache_read": 300000, "cache_write_5m": 3750000,
                        "cache_write_1h": 6000000, "output": 15000000},
               "tiers": [{"above": 200000, "cost": {"input": 6000000, "cache_read": 600000,
                 "cache_write_5m": 7500000, "cache_write_1h": 12000000, "output": 22500000}}]}]}
            """
        return try JSONDecoder().decode(RateCardDraft.self, from: Data(text.utf8))
    }
}

/// A settlement with everything that is written for it.
package struct SampleSettlement: Sendable {
    package let settlement: Settlement
    package let receipt: Receipt

    /// What `usage` of the sample model costs under `hold`.
    package init(
        _ hold: Hold,
        _ usage: Usage,
        at now: Timestamp,
    ) throws {
        let card = try RateCardDraft.sample(hold.rateCard).published()
        guard let rate = card.index()[hold.subject] else {
            preconditionFailure("the sample card has no \(hold.subject)")
        }
        let charge = Charge(of: usage, at: rate, hold: hold.amount)
        settlement = Settlement(price: charge.price, cost: charge.cost, provider: rate.upstream)
        receipt = Receipt(
            hold: hold,
            charge: charge,
            reading: UsageReading(usage: usage, source: .reported),
            request: ReceiptRequest(requestedModel: "sample", upstream: rate.upstream),
            outcome: .completed,
            balanceAfter: .zero,
            settledAt: now,
        )
    }
}
