package import Ledger
import Primitives

/// Re-derives from the transfers where each deposit's money is, and compares it with its record.
package struct DepositAuditor {
    package private(set) var depositCount = 0
    /// How many transfers the records account for.
    private var transferCount = 0
    /// What the records put into custody, leave in suspense and send out.
    private var derived: [AccountID: Int128] = [:]

    package init() {}

    /// Audits all deposits that `transaction` sees, after `ledger` has read every transfer.
    ///
    /// `others` is what else moves the accounts of deposits, by its own records.
    ///
    /// - Throws: the first ``AuditDifference``.
    package mutating func audit<Transaction>(
        _ transaction: inout Transaction,
        after ledger: Auditor,
        beside others: [AccountID: Int128],
        page: Int = 5_000,
    ) throws where Transaction: DepositTransaction & DepositReading & LedgerReading {
        var last: DepositID?
        while case let deposits = try transaction.deposits(in: nil, after: last, limit: page),
            !deposits.isEmpty
        {
            for deposit in deposits {
                try AuditDifference.requireOrder(of: deposit.id, after: last)
                last = deposit.id
                try check(deposit, &transaction)
            }
            depositCount += deposits.count
        }
        guard transferCount == ledger.depositTransferCount else {
            throw AuditDifference.other(
                "deposits: \(ledger.depositTransferCount) transfers move them, their records have "
                    + "\(transferCount)"
            )
        }
        derived.merge(others, uniquingKeysWith: +)
        try check(accounts: try transaction.accounts())
    }

    private mutating func check(
        _ deposit: Deposit,
        _ transaction: inout some DepositTransaction,
    ) throws {
        let steps = try transaction.steps(of: deposit.id)
        let isGapless = steps.enumerated().allSatisfy { $1.number == $0 + 1 }
        guard isGapless, steps.count == deposit.stepCount else {
            throw AuditDifference.other(
                "deposit \(deposit.id): has \(deposit.stepCount) steps, \(steps.count) are there"
            )
        }
        let cause = deposit.cause
        var moved: [AccountID: Int128] = [:]
        for step in steps {
            // One that was made at another step is missed here, and by the count of all.
            for id in step.kind.transferIDs(of: cause, step: step.number) {
                guard let transfer = try transaction.transfer(id) else { continue }
                guard transfer.code.movesDeposits else { continue }
                transferCount += 1
                moved[transfer.credit, default: 0] += Int128(transfer.amount.units)
                moved[transfer.debit, default: 0] -= Int128(transfer.amount.units)
            }
        }
        moved = moved.filter { $0.value != 0 }
        guard moved == deposit.standing else {
            throw AuditDifference.other(
                "deposit \(deposit.id): is \(deposit.state), its transfers come to "
                    + moved.map { "\($0.key) \($0.value)" }.sorted().joined(separator: ", ")
            )
        }
        for (account, sum) in moved where account.isOnRails { derived[account, default: 0] += sum }
    }

    private func check(accounts: [(AccountID, Balance)]) throws(AuditDifference) {
        for (account, balance) in accounts where account.isOnRails {
            let expected = derived[account] ?? 0
            guard Int128(balance.posted) == expected else {
                throw .other(
                    "\(account): posted \(balance.posted), what moved it comes to \(expected)"
                )
            }
        }
    }
}

extension Deposit {
    /// What the accounts have gained and lost by it, in the state that it is in.
    fileprivate var standing: [AccountID: Int128] {
        let (asset, amount) = (event.asset, Int128(event.amount.units))
        let custody = AccountID(.custody(id.chain), asset)
        let suspense = AccountID(.suspense, asset)
        switch state {
        case .seen, .reversed(.seen): return [:]
        case .credited(let customer):
            return [custody: -amount, .customer(customer, asset): amount]
        case .suspended: return [custody: -amount, suspense: amount]
        case .reversed(let reversal):
            return loss(in: reversal).merging([custody: -amount, suspense: amount]) { $1 }
        case .rejected(_, nil): return [custody: -amount, AccountID(.payout, asset): amount]
        case .rejected(_, let gone?): return loss(in: gone)
        }
    }

    /// What its customer keeps of it, and the operator bears.
    private func loss(in reversal: Reversal) -> [AccountID: Int128] {
        guard case .credited(let customer, let lost) = reversal, lost > .zero else { return [:] }
        let units = Int128(lost.units)
        return [
            .customer(customer, event.asset): units, AccountID(.overrun, event.asset): -units,
        ]
    }
}

extension DepositStep.Kind {
    /// The ids that the transfers of such a step can have.
    fileprivate func transferIDs(of cause: String, step: Int) -> [TransferID] {
        switch self {
        case .seen, .confirmed, .conflict: []
        case .credited, .suspended, .rejected: [Deposit.transferID(of: cause, step: step)]
        case .reversed, .restored:
            [Deposit.transferID(of: cause, step: step), Deposit.lossID(of: cause, step: step)]
        }
    }
}

extension AccountID {
    /// Whether nothing but deposits and withdrawals moves its money.
    package var isOnRails: Bool {
        switch owner {
        case .custody, .suspense, .payout: true
        case .customer, .provider, .revenue, .overrun, .promotion: false
        }
    }
}
