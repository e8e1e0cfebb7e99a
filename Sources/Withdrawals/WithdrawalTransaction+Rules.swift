package import Deposits
import Ledger
package import Primitives

extension WithdrawalTransaction {
    /// Takes an order: the money goes to `payout` and waits there.
    ///
    /// What was given to a customer can be spent, and not withdrawn: no more goes out than came in. The
    /// same order again returns what became of it.
    ///
    /// - Throws: ``WithdrawalError/walletNotProven``, ``WithdrawalError/nothingToWithdraw(_:available:)``,
    ///   ``WithdrawalError/withdrawalExistsWithDifferentContent(_:)``, `LedgerError.overflow`; nothing is
    ///   written.
    package mutating func withdraw(
        _ order: Withdrawal.Order,
        at now: Timestamp,
    ) throws -> Withdrawal {
        if let known = try withdrawal(order.id) {
            guard known.order == order else {
                throw WithdrawalError.withdrawalExistsWithDifferentContent(order.id)
            }
            return known
        }
        let customer = order.id.customer
        let owner =
            try self.customer(ofWallet: order.wallet)
            ?? order.wallet.on(order.chain).flatMap { try self.customer(ofWallet: $0) }
        guard owner == customer else { throw WithdrawalError.walletNotProven }
        let available = try balance(of: .customer(customer, order.asset)).available
        let paidIn = Amount(Int64(clamping: max(0, try paidIn(by: customer, order.asset))))
        let most = min(available, paidIn)
        guard order.amount > .zero, order.amount <= most else {
            throw WithdrawalError.nothingToWithdraw(order.asset, available: most)
        }
        return try perform(WithdrawalChange(order, at: now), at: now)
    }

    /// Allows a withdrawal to be signed and sent.
    ///
    /// Approving it again changes nothing.
    ///
    /// - Throws: ``WithdrawalError/withdrawalNotFound(_:)``, ``WithdrawalError/withdrawalIs(_:)`` where it
    ///   is neither requested, failed nor given up; nothing is written.
    @discardableResult
    package mutating func approve(
        _ id: WithdrawalID,
        by actor: StepActor,
        at now: Timestamp,
    ) throws -> Withdrawal {
        try change(id, by: actor, at: now) { change throws(WithdrawalError) in
            try change.approve()
        }
    }

    /// Gives the money back to its customer, before it is signed for; an operator also when what was signed
    /// failed or was given up.
    ///
    /// Rejecting it again changes nothing.
    ///
    /// - Throws: ``WithdrawalError/withdrawalNotFound(_:)``, ``WithdrawalError/withdrawalIs(_:)`` where it
    ///   may have landed; `LedgerError.overflow`; nothing is written.
    @discardableResult
    package mutating func reject(
        _ id: WithdrawalID,
        reason: String,
        by actor: StepActor,
        at now: Timestamp,
    ) throws -> Withdrawal {
        try change(id, by: actor, at: now) { change throws(WithdrawalError) in
            try change.reject(reason)
        }
    }

    /// Takes an operator's word that what was signed for a withdrawal will never land.
    ///
    /// When it lands all the same, that counts until another one is signed or the money is given back.
    /// Giving it up again changes nothing.
    ///
    /// - Throws: ``WithdrawalError/withdrawalNotFound(_:)``, ``WithdrawalError/withdrawalIs(_:)`` where
    ///   nothing is out; nothing is written.
    @discardableResult
    package mutating func giveUp(
        _ id: WithdrawalID,
        reason: String,
        by actor: StepActor,
        at now: Timestamp,
    ) throws -> Withdrawal {
        try change(id, by: actor, at: now) { change throws(WithdrawalError) in
            try change.giveUp(reason)
        }
    }

    /// Remembers a signed transaction, which may be sent as soon as this is durable.
    ///
    /// The same one again changes nothing. While one is out, another is taken that replaces it at its place.
    ///
    /// - Throws: ``WithdrawalError/withdrawalNotFound(_:)``, ``WithdrawalError/withdrawalIs(_:)`` where it
    ///   is not approved, ``WithdrawalError/transactionIsAnothers(_:)``; nothing is written.
    @discardableResult
    package mutating func broadcast(
        _ id: WithdrawalID,
        _ payment: Withdrawal.Payment,
        at now: Timestamp,
    ) throws -> Withdrawal {
        if let other = try withdrawal(signedAs: payment.transaction), other != id {
            throw WithdrawalError.transactionIsAnothers(payment.transaction)
        }
        return try change(id, by: .gateway, at: now) { change throws(WithdrawalError) in
            try change.broadcast(payment)
        }
    }

    /// Takes what the chain did with the transaction that was signed last, or one that it replaces.
    ///
    /// An outcome of another transaction, or the same one again, changes nothing. Of one whose time
    /// was over or that failed, and after which no other was signed, only its landing counts.
    ///
    /// - Throws: ``WithdrawalError/withdrawalNotFound(_:)``, `LedgerError.overflow`; nothing is written.
    @discardableResult
    package mutating func settle(
        _ id: WithdrawalID,
        _ transaction: String,
        _ outcome: PaymentOutcome,
        at now: Timestamp,
    ) throws -> Withdrawal {
        let feeIsBooked = try feeIsBooked(of: transaction, id)
        return try change(id, by: .gateway, at: now) { change throws(WithdrawalError) in
            change.settle(transaction, outcome, feeIsBooked: feeIsBooked)
        }
    }

    /// Whether a step has booked what the chain took for a transaction: it takes it once.
    private mutating func feeIsBooked(
        of transaction: String,
        _ id: WithdrawalID,
    ) throws -> Bool {
        guard let name = ChainText.transaction(transaction), let known = try withdrawal(id) else {
            return false
        }
        for step in try steps(of: id) where step.evidence.hasPrefix("\(name) ") {
            let fee = Withdrawal.transferID(.networkFee, of: known.cause, step: step.number)
            if try transfer(fee) != nil { return true }
        }
        return false
    }

    private mutating func change(
        _ id: WithdrawalID,
        by actor: StepActor,
        at now: Timestamp,
        _ body: (inout WithdrawalChange) throws(WithdrawalError) -> Void,
    ) throws -> Withdrawal {
        guard let known = try withdrawal(id) else { throw WithdrawalError.withdrawalNotFound(id) }
        var change = WithdrawalChange(known, by: actor, at: now)
        try body(&change)
        return try perform(change, at: now)
    }

    private mutating func perform(
        _ change: WithdrawalChange,
        at now: Timestamp,
    ) throws -> Withdrawal {
        guard let step = change.step else { return change.withdrawal }
        let transfers = change.transfers(at: now)
        try checkRoom(for: transfers)
        for transfer in transfers { try post(transfer) }
        try save(change.withdrawal)
        try append(step, to: change.withdrawal.id)
        return change.withdrawal
    }
}
