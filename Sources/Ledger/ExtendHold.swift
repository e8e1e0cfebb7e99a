package import Primitives

extension LedgerTransaction {
    /// Lets an open hold reserve more: up to `target` micro-USD, as far as the customer's money of
    /// the kind that the hold draws on, and every budget above it, reach.
    ///
    /// Asking again for what is reserved already changes nothing.
    ///
    /// - Throws: ``LedgerError/holdNotFound(_:)``, ``LedgerError/holdAlreadyResolved(_:)``;
    ///   nothing is written.
    /// - Returns: the hold with what it reserves now, which may be as before.
    package mutating func extendHold(
        _ id: InferenceID,
        to target: Amount,
        within budgets: [Budget],
        at now: Timestamp,
    ) throws -> Hold {
        guard let hold = try hold(id) else { throw LedgerError.holdNotFound(id) }
        guard hold.state == .open else { throw LedgerError.holdAlreadyResolved(id) }
        let headroom = try headroom(
            of: hold.customer,
            solRate: hold.solRate,
            within: budgets,
            at: now,
        )
        let wanted = target.subtractingOrZero(hold.amount)
        let budgeted = min(wanted, headroom.tightest?.remaining ?? wanted)
        let (extended, more) = headroom.funds.extending(hold, by: budgeted)
        let step = extended.amount.subtractingOrZero(hold.amount)
        guard step > .zero else { return hold }
        let reserved = try balances(reserving: more, of: hold.customer)
        try countReserved(step, by: hold)
        for (account, balance) in reserved { try setBalance(balance, of: account) }
        try save(extended)
        return extended
    }
}

extension Funds {
    /// `hold` with up to `step` micro-USD more, and the parts that are new in it.
    fileprivate func extending(_ hold: Hold, by step: Amount) -> (Hold, more: [Hold.Part]) {
        var extended = hold
        if let rate = hold.solRate, let part = hold.parts.first(where: { $0.asset == .sol }) {
            let lamports = available(.sol).adding(part.amount) ?? Amount(.max)
            let covered = rate.microdollars(coveredBy: lamports)
            guard let target = hold.amount.adding(step), covered > hold.amount,
                let needed = rate.lamports(covering: min(target, covered))
            else { return (hold, []) }
            extended.amount = min(target, covered)
            extended.parts = [Hold.Part(asset: .sol, amount: needed)]
            let more = needed.subtractingOrZero(part.amount)
            return (extended, more > .zero ? [Hold.Part(asset: .sol, amount: more)] : [])
        }
        guard let more = parts(covering: min(step, dollars)),
            let amount = hold.amount.adding(min(step, dollars))
        else { return (hold, []) }
        extended.amount = amount
        extended.parts = hold.parts.merging(more)
        return (extended, more)
    }

    private func available(_ asset: Asset) -> Amount {
        balances.first { $0.asset == asset }?.balance.available ?? .zero
    }
}

extension [Hold.Part] {
    /// The sums by asset, in the order in which assets are spent.
    fileprivate func merging(_ more: [Hold.Part]) -> [Hold.Part] {
        Asset.dollars.compactMap { asset in
            let shares = (self + more).filter { $0.asset == asset }
            guard !shares.isEmpty else { return nil }
            // Both were held of one account, which counts no more than fits.
            let sum = shares.reduce(Amount.zero) { $0.adding($1.amount) ?? $0 }
            return Hold.Part(asset: asset, amount: sum)
        }
    }
}
