import Ledger
package import Primitives

/// A deposit as it is after a verb, and what the verb added to it.
package struct DepositOutcome: Hashable, Sendable {
    package let deposit: Deposit
    /// The steps that are new; none where it was as it is now.
    package let newSteps: [DepositStep]

    /// Whether an operator should hear of it at once.
    package var isAlert: Bool { newSteps.contains(where: \.kind.isAlert) }
}

extension DepositTransaction {
    /// Takes an observation of an event: any number of times, in any order, from any source.
    ///
    /// The first final one brings the money into the books, once: to the customer whose code the
    /// event names; where it names none, to the one that its proven sender is bound to; else to
    /// suspense. An event that left the chain and is final again returns to where it was. An
    /// observation that contradicts an earlier one moves no money that is in the books.
    ///
    /// - Throws: ``DepositError/depositIsEmpty``, `LedgerError.overflow` where an account cannot
    ///   count it; nothing is written.
    @discardableResult
    package mutating func observe(
        _ observed: ObservedDeposit,
        at now: Timestamp,
    ) throws -> DepositOutcome {
        guard observed.event.amount > .zero else { throw DepositError.depositIsEmpty }
        guard let known = try deposit(observed.id) else {
            var change = DepositChange(first: observed, by: .watcher, at: now)
            change.observe(observed, owner: try owner(of: observed.event, on: observed.id.chain))
            return try perform(change, at: now)
        }
        let isDispute = known.isContradicted(by: observed)
        let event = isDispute ? observed.event : known.event(with: observed)
        let owner = try owner(of: event, on: known.id.chain)
        var change = DepositChange(known, by: .watcher, at: now)
        change.observe(observed, owner: owner, earlier: isDispute ? try steps(of: known.id) : [])
        return try perform(change, at: now)
    }

    /// Takes that an event is no longer in `block`, which has left the chain.
    ///
    /// Nothing happens where it is unknown, or stands in another block by now. What was credited
    /// goes back into suspense: from its customer as far as that is available, so that what is held
    /// or spent stays; the rest is the operator's loss, from `overrun`.
    ///
    /// - Throws: `LedgerError.overflow`; nothing is written.
    @discardableResult
    package mutating func dropped(
        _ id: DepositID,
        from block: BlockReference,
        at now: Timestamp,
    ) throws -> DepositOutcome? {
        guard let known = try deposit(id) else { return nil }
        var available = Amount.zero
        if case .credited(let customer) = known.state {
            available = try balance(of: .customer(customer, known.event.asset)).available
        }
        var change = DepositChange(known, by: .watcher, at: now)
        change.drop(from: block, available: available)
        return try perform(change, at: now)
    }

    /// Gives a deposit in suspense to a customer, because an operator says so.
    ///
    /// Assigning it again to the same customer changes nothing.
    ///
    /// - Throws: ``DepositError/depositNotFound(_:)``, ``DepositError/depositCustomerNotFound``,
    ///   ``DepositError/depositCreditedToAnother``, ``DepositError/depositNotSuspended(_:)``,
    ///   `LedgerError.overflow`; nothing is written.
    @discardableResult
    package mutating func assign(
        _ id: DepositID,
        to customer: CustomerID,
        by operator: String,
        at now: Timestamp,
    ) throws -> DepositOutcome {
        guard let known = try deposit(id) else { throw DepositError.depositNotFound(id) }
        guard try isCustomer(customer) else { throw DepositError.depositCustomerNotFound }
        var change = DepositChange(known, by: .named(`operator`), at: now)
        try change.assign(to: customer)
        return try perform(change, at: now)
    }

    /// Takes a deposit out of suspense for good, because an operator refuses it.
    ///
    /// What stands on the chain goes to `payout`, to be sent back by hand; what has left the chain
    /// goes out of `custody`, where it never came to be. Rejecting it again changes nothing.
    ///
    /// - Throws: ``DepositError/depositNotFound(_:)``, ``DepositError/depositNotSuspended(_:)``,
    ///   `LedgerError.overflow`; nothing is written.
    @discardableResult
    package mutating func reject(
        _ id: DepositID,
        reason: String,
        by operator: String,
        at now: Timestamp,
    ) throws -> DepositOutcome {
        guard let known = try deposit(id) else { throw DepositError.depositNotFound(id) }
        var change = DepositChange(known, by: .named(`operator`), at: now)
        try change.reject(reason)
        return try perform(change, at: now)
    }

    /// Remembers that a wallet is a customer's, who has proven it.
    ///
    /// The first binding stands; the same one again changes nothing.
    ///
    /// - Throws: ``DepositError/depositCustomerNotFound``, ``DepositError/walletBoundToAnother``;
    ///   nothing is written.
    package mutating func bind(
        _ wallet: Wallet,
        to customer: CustomerID,
        at now: Timestamp,
    ) throws {
        guard try isCustomer(customer) else { throw DepositError.depositCustomerNotFound }
        if let first = try self.customer(ofWallet: wallet) {
            guard first == customer else { throw DepositError.walletBoundToAnother }
            return
        }
        try insert(WalletBinding(wallet: wallet, customer: customer, at: now))
    }

    /// Credits what waits for the owner of a wallet that was bound, of a page of those in suspense.
    ///
    /// - Throws: `LedgerError.overflow`; what came before it in the page is written.
    /// - Returns: what was credited.
    package mutating func adopt(
        _ wallet: Wallet,
        from deposits: [Deposit],
        at now: Timestamp,
    ) throws -> [DepositOutcome] {
        try deposits.compactMap { deposit in
            guard let sender = deposit.event.sender, let block = deposit.block,
                deposit.state == .suspended(.unknownSender),
                sender == wallet || sender.on(deposit.id.chain) == wallet
            else { return nil }
            return try observe(
                ObservedDeposit(id: deposit.id, event: deposit.event, block: block, isFinal: true),
                at: now,
            )
        }
    }

    private mutating func owner(
        of event: DepositEvent,
        on chain: String,
    ) throws -> DepositOwner {
        if let code = event.code {
            return try customer(ofDepositCode: code).map(DepositOwner.customer)
                ?? .nobody(.unknownCode)
        }
        let owner = try event.sender.flatMap { sender in
            try customer(ofWallet: sender)
                ?? sender.on(chain).flatMap { try customer(ofWallet: $0) }
        }
        return owner.map(DepositOwner.customer) ?? .nobody(.unknownSender)
    }

    private mutating func perform(
        _ change: DepositChange,
        at now: Timestamp,
    ) throws -> DepositOutcome {
        let deposit = change.deposit
        let outcome = DepositOutcome(deposit: deposit, newSteps: change.steps)
        guard change.isChange else { return outcome }
        let transfers = change.movement.map { deposit.transfers($0, at: now) } ?? []
        try checkRoom(for: transfers)
        for transfer in transfers { try post(transfer) }
        try save(deposit)
        for step in change.steps { try append(step, to: deposit.id) }
        return outcome
    }
}
