import Ledger
import Primitives
import Withdrawals

/// The operator's figures, per asset and never summed over assets (L5-C10, X-27).
package struct OperatorFigures: Encodable, Sendable {
    /// One asset's, in its smallest unit.
    ///
    /// `deposits + grants + refunds − charges − withdrawals = liabilities`; and what is held in custody of it on all
    /// chains `+ grants = liabilities + suspense + payout + providerCost + margin`.
    package struct OfAsset: Encodable, Sendable {
        /// What customers were credited for deposits, less what was taken back of them because a
        /// deposit left its chain.
        let deposits: Int64
        /// What waits for an owner.
        let suspense: Int64
        /// What is on its way out: withdrawals that are not confirmed yet, and rejected deposits, which are the
        /// operator's to send back.
        let payout: Int64
        let grants: Int64
        /// Everything customers were charged, refunded or not.
        let charges: Int64
        /// What of it was given back.
        let refunds: Int64
        /// What customers took back, or asked for and may yet get.
        let withdrawals: Int64
        /// What we owe providers for usage.
        let providerCost: Int64
        /// What was earned, less refunds and what we bear.
        let margin: Int64
        /// What we bear: usage beyond its holds, deposits that left their chain after they were spent, and
        /// what chains take for withdrawals.
        let overrun: Int64
        /// What we owe customers.
        let liabilities: Int64
        /// What open holds reserve of it.
        let held: Int64
    }

    let customers: Int
    let keys: Int
    let openHolds: Int
    let assets: [String: OfAsset]
    /// By chain and asset: what the books say that we hold there, and what the chain says.
    let rails: [String: [String: RailFigures]]

    init(
        _ totals: [AccountTotal],
        reversed: [Asset: Amount],
        withdrawals: [WithdrawalTotal],
        openHolds: Int,
        customers: Int,
        keys: Int,
        rails: [String: [String: RailFigures]],
    ) {
        self.rails = rails
        self.openHolds = openHolds
        self.customers = customers
        self.keys = keys
        var assets: [String: OfAsset] = [:]
        for asset in Asset.allCases {
            assets[asset.rawValue] = OfAsset(
                totals,
                reversed: reversed[asset]?.units ?? 0,
                withdrawals.filter { $0.asset == asset },
                asset,
            )
        }
        self.assets = assets
    }
}

extension OperatorFigures.OfAsset {
    /// Works the figures out of what each kind of account was credited and debited: but for reversals and
    /// withdrawals, only charges debit customers, only grants debit `promotion`, only refunds debit
    /// `revenue`.
    fileprivate init(
        _ totals: [AccountTotal],
        reversed: Int64,
        _ withdrawn: [WithdrawalTotal],
        _ asset: Asset,
    ) {
        func balance(_ kind: String) -> Balance {
            totals.first { $0.kind == kind && $0.asset == asset }?.balance ?? .zero
        }
        let customer = balance("customer")
        overrun = -balance("overrun").posted
        suspense = balance("suspense").posted
        payout = balance("payout").posted
        grants = balance("promotion").debits.units
        refunds = balance("revenue").debits.units
        let asked = withdrawn.reduce(0) { $0 + $1.amount.units }
        let returned = withdrawn.filter { $0.stage == .rejected }.reduce(0) { $0 + $1.amount.units }
        withdrawals = asked - returned
        charges = customer.debits.units - reversed - asked
        deposits = customer.credits.units - grants - refunds - reversed - returned
        providerCost = balance("provider").posted
        margin = balance("revenue").posted - overrun
        liabilities = customer.posted
        held = customer.held.units
    }
}
