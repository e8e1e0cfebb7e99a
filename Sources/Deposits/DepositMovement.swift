import Ledger
import Primitives

/// How a deposit's money moves at one of its steps.
///
/// `lost` is what the operator bears of a deposit that left the chain, because its customer had
/// spent or held it.
enum DepositMovement: Hashable {
    /// It enters the books, for a customer or for suspense.
    case arrival(of: CustomerID?)
    /// Out of suspense, to a customer.
    case assignment(to: CustomerID)
    /// Back into suspense, from its customer and from the operator.
    case reversal(of: CustomerID, lost: Amount)
    /// Out of suspense again, to the operator first.
    case restoration(of: CustomerID, lost: Amount)
    /// Out of suspense: to be sent back if it is there, and out of the books if it is not.
    case rejection(isOnChain: Bool)
}

extension Deposit {
    /// The first word of all of its transfers' ids, and what they say caused them.
    package var cause: String { "deposit/\(id)" }

    /// The id of the transfer that a step makes, or of the one that touches no `overrun`.
    static func transferID(of cause: String, step: Int) -> TransferID {
        TransferID("\(cause)/\(step)")
    }

    /// The id of the transfer of a step that touches `overrun`.
    static func lossID(of cause: String, step: Int) -> TransferID {
        TransferID("\(cause)/\(step)/overrun")
    }

    /// The transfers that a movement comes to, made at the deposit's newest step.
    func transfers(_ movement: DepositMovement, at now: Timestamp) -> [Transfer] {
        let asset = event.asset
        let suspense = AccountID(.suspense, asset)
        let custody = AccountID(.custody(id.chain), asset)
        let overrun = AccountID(.overrun, asset)
        func customer(_ id: CustomerID) -> AccountID { .customer(id, asset) }
        let cause = cause
        func move(
            _ code: TransferCode,
            _ amount: Amount,
            from debit: AccountID,
            to credit: AccountID,
        ) -> [Transfer] {
            guard amount > .zero else { return [] }
            let touchesOverrun = debit == overrun || credit == overrun
            return [
                Transfer(
                    id: touchesOverrun
                        ? Deposit.lossID(of: cause, step: stepCount)
                        : Deposit.transferID(of: cause, step: stepCount),
                    code: code,
                    debit: debit,
                    credit: credit,
                    amount: amount,
                    cause: cause,
                    at: now,
                )
            ]
        }
        switch movement {
        case .arrival(let owner):
            return move(.deposit, event.amount, from: custody, to: owner.map(customer) ?? suspense)
        case .assignment(let owner):
            return move(.assignment, event.amount, from: suspense, to: customer(owner))
        case .reversal(let owner, let lost):
            let taken = event.amount.subtractingOrZero(lost)
            return move(.reversal, taken, from: customer(owner), to: suspense)
                + move(.reversal, lost, from: overrun, to: suspense)
        case .restoration(let owner, let lost):
            let rest = event.amount.subtractingOrZero(lost)
            return move(.restoration, lost, from: suspense, to: overrun)
                + move(.restoration, rest, from: suspense, to: customer(owner))
        case .rejection(let isOnChain):
            let target = isOnChain ? AccountID(.payout, asset) : custody
            return move(.rejection, event.amount, from: suspense, to: target)
        }
    }
}
