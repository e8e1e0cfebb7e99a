import Primitives

extension LedgerTransaction {
    /// Counts what a hold reserves, or reserves more than before.
    ///
    /// - Throws: ``LedgerError/overflow(_:)``; nothing is written.
    mutating func countReserved(_ amount: Amount, by hold: Hold) throws {
        var spending = try spending(of: hold.spender)
        spending.held = try hold.sum(spending.held, amount)
        try setSpending(spending, of: hold.spender)
    }

    /// Counts that a hold has ended with `charge`.
    ///
    /// - Throws: ``LedgerError/overflow(_:)``; nothing is written.
    mutating func countEnded(_ hold: Hold, charging charge: Amount, at now: Timestamp) throws {
        var spending = try spending(of: hold.spender)
        spending.held = hold.difference(spending.held, hold.amount)
        spending.charged = try hold.sum(spending.charged, charge)
        let today = try hold.sum(try charged(by: hold.spender, on: now.day), charge)
        try setSpending(spending, of: hold.spender)
        guard charge > .zero else { return }
        try setCharged(today, by: hold.spender, on: now.day)
    }

    /// Takes a refund out of the day on which it had been charged.
    mutating func countRefunded(_ refund: Amount, of hold: Hold, chargedOn day: Int64) throws {
        var spending = try spending(of: hold.spender)
        spending.charged = hold.difference(spending.charged, refund)
        let rest = hold.difference(try charged(by: hold.spender, on: day), refund)
        try setSpending(spending, of: hold.spender)
        try setCharged(rest, by: hold.spender, on: day)
    }
}

extension Hold {
    /// Whose budgets it draws on.
    package var spender: Spender { .key(key) }

    fileprivate var account: AccountID { .customer(customer, parts.first?.asset ?? .usd) }

    fileprivate func sum(_ lhs: Amount, _ rhs: Amount) throws(LedgerError) -> Amount {
        guard let sum = lhs.adding(rhs) else { throw .overflow(account) }
        return sum
    }

    fileprivate func difference(_ lhs: Amount, _ rhs: Amount) -> Amount {
        guard let rest = lhs.subtracting(rhs) else {
            preconditionFailure("\(spender) counts less than one of its holds")
        }
        return rest
    }
}
