import Deposits
package import Ledger
import Primitives

/// Re-derives from the transfers where each withdrawal's money is, and compares it with its record.
package struct WithdrawalAuditor {
    package private(set) var withdrawalCount = 0
    /// How many transfers the records account for.
    private var transferCount = 0
    /// What the records put into each account that they share with deposits.
    package private(set) var derived: [AccountID: Int128] = [:]

    package init() {}

    /// Audits all withdrawals that `transaction` sees, after `ledger` has read every transfer.
    ///
    /// - Throws: the first `AuditDifference`.
    package mutating func audit<Transaction>(
        _ transaction: inout Transaction,
        after ledger: Auditor,
        page: Int = 5_000,
    ) throws where Transaction: WithdrawalTransaction & WithdrawalReading {
        var last: WithdrawalID?
        while case let withdrawals = try transaction.withdrawals(
            of: nil,
            in: nil,
            after: last,
            limit: page,
        ), !withdrawals.isEmpty {
            for withdrawal in withdrawals {
                try AuditDifference.requireOrder(of: withdrawal.id, after: last)
                last = withdrawal.id
                try check(withdrawal, &transaction)
            }
            withdrawalCount += withdrawals.count
        }
        guard transferCount == ledger.withdrawalTransferCount else {
            throw AuditDifference.other(
                "withdrawals: \(ledger.withdrawalTransferCount) transfers move them, their records "
                    + "have \(transferCount)"
            )
        }
    }

    private mutating func check(
        _ withdrawal: Withdrawal,
        _ transaction: inout some WithdrawalTransaction,
    ) throws {
        let steps = try transaction.steps(of: withdrawal.id)
        let isGapless = steps.enumerated().allSatisfy { $1.number == $0 + 1 }
        guard isGapless, steps.count == withdrawal.stepCount else {
            throw AuditDifference.other(
                "withdrawal \(withdrawal.id): has \(withdrawal.stepCount) steps, \(steps.count) are there"
            )
        }
        let custody = AccountID.Owner.custody(withdrawal.order.chain)
        var moved: [AccountID: Int128] = [:]
        for step in steps {
            for code in [TransferCode.withdrawal, .networkFee] {
                let id = Withdrawal.transferID(code, of: withdrawal.cause, step: step.number)
                guard let transfer = try transaction.transfer(id), transfer.code.movesWithdrawals
                else { continue }
                transferCount += 1
                let units = Int128(transfer.amount.units)
                if transfer.code == .networkFee {
                    guard transfer.debit.owner == .overrun, transfer.credit.owner == custody else {
                        throw AuditDifference.other("\(id): is no fee of its withdrawal's")
                    }
                    derived[transfer.credit, default: 0] += units
                } else {
                    moved[transfer.credit, default: 0] += units
                    moved[transfer.debit, default: 0] -= units
                }
            }
        }
        moved = moved.filter { $0.value != 0 }
        guard moved == withdrawal.standing else {
            throw AuditDifference.other(
                "withdrawal \(withdrawal.id): is \(withdrawal.state.stage.rawValue), its transfers come "
                    + "to " + moved.map { "\($0.key) \($0.value)" }.sorted().joined(separator: ", ")
            )
        }
        for (account, sum) in moved where account.isOnRails { derived[account, default: 0] += sum }
    }
}

extension Withdrawal {
    /// What the accounts have gained and lost by it, in the state that it is in.
    fileprivate var standing: [AccountID: Int128] {
        let units = Int128(order.amount.units)
        let customer = AccountID.customer(id.customer, order.asset)
        switch state {
        case .requested, .approved, .broadcast, .failed, .givenUp:
            return [customer: -units, AccountID(.payout, order.asset): units]
        case .confirmed:
            return [customer: -units, AccountID(.custody(order.chain), order.asset): units]
        case .rejected: return [:]
        }
    }
}
