package import Deposits
import Ledger
package import Primitives

/// The withdrawals' slice of a store's transaction.
package protocol WithdrawalTransaction: DepositTransaction {
    mutating func withdrawal(_ id: WithdrawalID) throws -> Withdrawal?
    /// Which withdrawal a transaction pays, or was signed for last, by its name.
    mutating func withdrawal(signedAs transaction: String) throws -> WithdrawalID?
    /// Inserts the withdrawal, or replaces what is stored under its id.
    mutating func save(_ withdrawal: Withdrawal) throws
    /// Adds a step to those of a withdrawal that is stored.
    mutating func append(_ step: WithdrawalStep, to id: WithdrawalID) throws
    /// The steps of a withdrawal, in order.
    mutating func steps(of id: WithdrawalID) throws -> [WithdrawalStep]
    /// What a customer has paid in and not taken out again, whether or not it is spent: its deposits that
    /// are credited now, less what it withdrew or asked for.
    ///
    /// Below zero where a deposit left its chain after its money was asked for.
    mutating func paidIn(by customer: CustomerID, _ asset: Asset) throws -> Int128
}

/// What the auditor, the operator's queue and whoever sends read.
package protocol WithdrawalReading {
    /// Withdrawals, or those of a customer, or in a stage, after `id` in the order of their ids, at most
    /// `limit`.
    mutating func withdrawals(
        of customer: CustomerID?,
        in stage: WithdrawalStage?,
        after id: WithdrawalID?,
        limit: Int,
    ) throws -> [Withdrawal]
    /// How much of each asset was approved by the rules alone since then, whatever became of it.
    mutating func approvedByRule(since: Timestamp) throws -> [Asset: Amount]
    /// What was ever asked for, by stage and asset, in no order.
    mutating func withdrawalTotals() throws -> [WithdrawalTotal]
}

/// What the withdrawals in one stage come to, in one asset.
package struct WithdrawalTotal: Hashable, Sendable {
    package let stage: WithdrawalStage
    package let asset: Asset
    package let amount: Amount

    /// Sums single ones up; a sum that does not fit in 64 bits is the most that does.
    package static func sums(
        of single: [(WithdrawalStage, Asset, Amount)]
    ) -> [WithdrawalTotal] {
        var sums: [WithdrawalStage: [Asset: Amount]] = [:]
        for (stage, asset, amount) in single {
            let sum = sums[stage]?[asset] ?? .zero
            sums[stage, default: [:]][asset] = sum.adding(amount) ?? Amount(.max)
        }
        return sums.flatMap { stage, assets in
            assets.map { WithdrawalTotal(stage: stage, asset: $0.key, amount: $0.value) }
        }
    }
}
