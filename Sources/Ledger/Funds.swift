package import Primitives

/// What a customer can spend now, asset by asset.
package struct Funds: Sendable {
    /// Every asset's balance, in the order in which they are spent.
    package let balances: [(asset: Asset, balance: Balance)]
    /// What SOL is worth; `nil` where no rate is known or it is stale, so SOL covers nothing.
    package let solRate: SOLRate?
    /// What is available over all dollar assets, in micro-USD: *the balance* in one number.
    package let dollars: Amount

    init(balances: [(asset: Asset, balance: Balance)], solRate: SOLRate?) {
        self.balances = balances
        self.solRate = solRate
        var dollars = Amount.zero
        for (asset, balance) in balances where asset.isDollar {
            dollars = dollars.adding(balance.available) ?? Amount(.max)
        }
        self.dollars = dollars
    }

    /// What the SOL account covers, in micro-USD.
    package var solInMicrodollars: Amount {
        guard let solRate, let sol = balances.first(where: { $0.asset == .sol }) else {
            return .zero
        }
        return solRate.microdollars(coveredBy: sol.balance.available)
    }

    /// The most that one hold can reserve: dollars, or SOL whole; never a mixture of the two.
    package var spendable: Amount { max(dollars, solInMicrodollars) }

    /// How `amount` micro-USD is taken: from the dollar assets in their order, in parts where one
    /// does not cover it; where the dollars do not cover it, from SOL, whole.
    ///
    /// - Returns: `nil` where neither covers it.
    func parts(covering amount: Amount) -> [Hold.Part]? {
        if amount <= dollars {
            var missing = amount
            var parts: [Hold.Part] = []
            for (asset, balance) in balances where asset.isDollar {
                let taken = min(missing, balance.available)
                guard taken > .zero else { continue }
                parts.append(Hold.Part(asset: asset, amount: taken))
                missing = missing.subtractingOrZero(taken)
            }
            return parts
        }
        guard amount <= solInMicrodollars, let lamports = solRate?.lamports(covering: amount) else {
            return nil
        }
        return [Hold.Part(asset: .sol, amount: lamports)]
    }
}

extension LedgerTransaction {
    /// Reads what `customer` can spend.
    package mutating func funds(of customer: CustomerID, solRate: SOLRate?) throws -> Funds {
        let balances = try Asset.inSpendingOrder.map { asset in
            (asset: asset, balance: try balance(of: .customer(customer, asset)))
        }
        return Funds(balances: balances, solRate: solRate)
    }
}
