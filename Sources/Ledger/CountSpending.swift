import Primitives

extension LedgerTransaction {
    /// Counts what a hold reserves, or reserves more than before.
    ///
    /// - Throws: ``LedgerError/overflow(_:)``; nothing is written.
    mutating func countReserved(_ amount: Amount, by hold: Hold) throws {
        try changeSpending(of: hold) { spending throws(LedgerError) in
            spending.held = try hold.sum(spending.held, amount)
        }
    }

    /// Counts that a hold has ended with `charge`.
    ///
    /// - Throws: ``LedgerError/overflow(_:)``; nothing is written.
    mutating func countEnded(_ hold: Hold, charging charge: Amount, at now: Timestamp) throws {
        var today: [Amount] = []
        for spender in hold.spenders {
            today.append(try hold.sum(try charged(by: spender, on: now.day), charge))
        }
        try changeSpending(of: hold) { spending throws(LedgerError) in
            spending.held = hold.difference(spending.held, hold.amount)
            spending.charged = try hold.sum(spending.charged, charge)
        }
        guard charge > .zero else { return }
        for (spender, today) in zip(hold.spenders, today) {
            try setCharged(today, by: spender, on: now.day)
        }
    }

    /// Takes a refund out of the day on which it had been charged.
    mutating func countRefunded(_ refund: Amount, of hold: Hold, chargedOn day: Int64) throws {
        try changeSpending(of: hold) { spending in
            spending.charged = hold.difference(spending.charged, refund)
        }
        for spender in hold.spenders {
            let rest = hold.difference(try charged(by: spender, on: day), refund)
            try setCharged(rest, by: spender, on: day)
        }
    }

    /// Changes what is counted of each of a hold's spenders, or, where `change` throws, of none.
    private mutating func changeSpending(
        of hold: Hold,
        _ change: (inout Spending) throws(LedgerError) -> Void,
    ) throws {
        var changed: [Spending] = []
        for spender in hold.spenders {
            var spending = try spending(of: spender)
            try change(&spending)
            changed.append(spending)
        }
        for (spender, spending) in zip(hold.spenders, changed) {
            try setSpending(spending, of: spender)
        }
    }
}

extension Hold {
    /// Whose budgets it draws on.
    package var spenders: [Spender] { [.key(key, of: customer), .customer(customer)] }

    fileprivate var account: AccountID { .customer(customer, parts.first?.asset ?? .usd) }

    fileprivate func sum(_ lhs: Amount, _ rhs: Amount) throws(LedgerError) -> Amount {
        guard let sum = lhs.adding(rhs) else { throw .overflow(account) }
        return sum
    }

    fileprivate func difference(_ lhs: Amount, _ rhs: Amount) -> Amount {
        guard let rest = lhs.subtracting(rhs) else {
            preconditionFailure("\(key) counts less than one of its holds")
        }
        return rest
    }
}
