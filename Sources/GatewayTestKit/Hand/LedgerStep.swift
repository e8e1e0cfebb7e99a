package import Ledger
package import Primitives

/// One thing that can happen to a ledger, drawn at random from a small world so that steps collide.
package enum LedgerStep: Sendable {
    case give(Grant, at: Timestamp)
    case place(HoldRequest, solRate: SOLRate?)
    case capture(InferenceID, Settlement, at: Timestamp)
    case release(InferenceID, at: Timestamp)
    case expire(before: Timestamp, except: Set<InferenceID>)
    case renew(Set<InferenceID>, until: Timestamp)
    case extend(InferenceID, to: Amount, within: [Budget], at: Timestamp)
    case refund(Refund, at: Timestamp)

    /// The step `number` of a random sequence; time passes an hour a step.
    package static func random(
        _ number: Int,
        using random: inout some RandomNumberGenerator,
    ) -> LedgerStep {
        let now = Timestamp.second(Int64(number) * 3600)
        let id = InferenceID("h\(Int.random(in: 0..<40, using: &random))")
        switch Int.random(in: 0..<25, using: &random) {
        case 0..<4: return .give(grant(using: &random), at: now)
        case 4..<11: return .place(request(id, now, using: &random), solRate: rate(&random))
        case 11..<15: return .capture(id, settlement(using: &random), at: now)
        case 15..<17: return .release(id, at: now)
        case 17: return .expire(before: now, except: [id])
        case 18: return .renew([id, "missing"], until: now.advanced(by: .seconds(100_000)))
        case 19..<22:
            let target = Amount(Int64.random(in: 0...500, using: &random))
            return .extend(id, to: target, within: budgets(using: &random), at: now)
        default:
            let amount = Amount(Int64.random(in: 0...200, using: &random))
            return .refund(Refund(of: id, amount, reason: "sample"), at: now)
        }
    }

    private static func customer(_ random: inout some RandomNumberGenerator) -> CustomerID {
        CustomerID("c\(Int.random(in: 0..<3, using: &random))")
    }

    private static func grant(using random: inout some RandomNumberGenerator) -> Grant {
        let asset = Asset.allCases.randomElement(using: &random) ?? .usd
        return .sample(
            "g\(Int.random(in: 0..<60, using: &random))",
            to: customer(&random),
            Amount(Int64.random(in: 1...500, using: &random)),
            asset,
        )
    }

    private static func request(
        _ id: InferenceID,
        _ now: Timestamp,
        using random: inout some RandomNumberGenerator,
    ) -> HoldRequest {
        .sample(
            id,
            of: customer(&random),
            Amount(Int64.random(in: 0...300, using: &random)),
            placedAt: now,
            lease: now.advanced(by: .seconds(Int.random(in: 0...200_000, using: &random))),
            key: key(using: &random),
            budgets: budgets(using: &random),
        )
    }

    private static func key(using random: inout some RandomNumberGenerator) -> KeyID {
        KeyID("k\(Int.random(in: 0..<2, using: &random))")
    }

    private static func budgets(using random: inout some RandomNumberGenerator) -> [Budget] {
        guard Int.random(in: 0..<3, using: &random) == 0 else { return [] }
        let key = Spender.key(key(using: &random), of: customer(&random))
        return BudgetWindow.allCases.filter { _ in Bool.random(using: &random) }.map { window in
            Budget(of: key, window, Amount(Int64.random(in: 0...2000, using: &random)))
        }
    }

    private static func rate(_ random: inout some RandomNumberGenerator) -> SOLRate? {
        guard Bool.random(using: &random) else { return nil }
        return SOLRate(
            microdollarsPerSOL: Int64.random(in: 1...3_000_000_000, using: &random),
            quotedAt: .second(0),
        )
    }

    private static func settlement(
        using random: inout some RandomNumberGenerator
    ) -> Settlement {
        let price = Int64.random(in: 0...400, using: &random)
        return Settlement(
            price: Amount(price),
            cost: Amount(Int64.random(in: 0...price, using: &random)),
            provider: Bool.random(using: &random) ? "openai" : "anthropic",
        )
    }
}
