import Primitives

extension LedgerTransaction {
    /// Moves `transfer.amount` from its debit to its credit account.
    ///
    /// Posting the same transfer twice returns the first one, so a retry is safe.
    ///
    /// - Throws: ``LedgerError/transferExistsWithDifferentContent(_:)``,
    ///   ``LedgerError/overdraft(_:)`` for a customer's account, ``LedgerError/overflow(_:)``;
    ///   nothing is written.
    @discardableResult
    package mutating func post(_ transfer: Transfer) throws -> Transfer {
        if let recorded = try recorded(transfer) { return recorded }
        try book(transfer)
        return transfer
    }

    /// What posting `transfer` would return, and nothing is posted.
    ///
    /// - Throws: as ``post(_:)``.
    package mutating func check(_ transfer: Transfer) throws -> Transfer {
        if let recorded = try recorded(transfer) { return recorded }
        try checkRoom(for: [transfer])
        return transfer
    }

    private mutating func recorded(_ transfer: Transfer) throws -> Transfer? {
        guard let recorded = try self.transfer(transfer.id) else { return nil }
        guard recorded.isSameMovement(as: transfer) else {
            throw LedgerError.transferExistsWithDifferentContent(transfer.id)
        }
        return recorded
    }

    /// Moves the amount of a transfer whose id is known to be new; a store refuses one that is not.
    ///
    /// - Throws: ``LedgerError/overdraft(_:)`` for a customer's account, ``LedgerError/overflow(_:)``;
    ///   nothing is written.
    mutating func book(_ transfer: Transfer) throws {
        let debited = try balance(of: transfer.debit).debiting(transfer.amount, of: transfer.debit)
        let credited = try balance(of: transfer.credit)
            .crediting(transfer.amount, to: transfer.credit)
        try setBalance(debited, of: transfer.debit)
        try setBalance(credited, of: transfer.credit)
        try append(transfer)
    }
}

extension Balance {
    /// The balance after a debit; customers cannot go below what they have available.
    func debiting(_ amount: Amount, of account: AccountID) throws(LedgerError) -> Balance {
        if case .customer = account.owner, amount > available { throw .overdraft(account) }
        guard let debits = debits.adding(amount) else { throw .overflow(account) }
        return Balance(credits: credits, debits: debits, held: held)
    }

    func crediting(_ amount: Amount, to account: AccountID) throws(LedgerError) -> Balance {
        guard let credits = credits.adding(amount) else { throw .overflow(account) }
        return Balance(credits: credits, debits: debits, held: held)
    }

    func holding(_ amount: Amount, of account: AccountID) throws(LedgerError) -> Balance {
        guard amount <= available else { throw .overdraft(account) }
        guard let held = held.adding(amount) else { throw .overflow(account) }
        return Balance(credits: credits, debits: debits, held: held)
    }

    func releasing(_ amount: Amount, of account: AccountID) -> Balance {
        guard let held = held.subtracting(amount) else {
            preconditionFailure("\(account) holds less than one of its holds")
        }
        return Balance(credits: credits, debits: debits, held: held)
    }
}
