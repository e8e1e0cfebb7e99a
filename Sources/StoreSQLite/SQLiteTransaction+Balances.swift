package import Ledger
import Primitives

extension SQLiteTransaction {
    package mutating func balance(of account: AccountID) throws -> Balance {
        if let found = loaded.balances[account] { return found }
        let balance = try row(
            "SELECT credits, debits, held FROM accounts WHERE id = ?",
            [.text(account.description)],
            of: "accounts",
        ) { columns in try columns.balance() }
        if balance == nil { loaded.newAccounts.insert(account) }
        loaded.balances.remember(balance ?? .zero, for: account)
        return balance ?? .zero
    }

    package mutating func setBalance(_ balance: Balance, of account: AccountID) throws {
        willWrite()
        loaded.balances.change(balance, for: account)
    }

    /// Stores the row of an account that has none, before the first transfer that names it.
    ///
    /// A transfer may come before its account in a transaction, but SQLite then looks through all
    /// transfers for those that waited for it.
    mutating func storeIfNew(_ account: AccountID) throws {
        guard loaded.newAccounts.remove(account) != nil else { return }
        try execute(
            """
            INSERT INTO accounts (id, kind, asset, credits, debits, held)
            VALUES (?, ?, ?, 0, 0, 0) ON CONFLICT (id) DO NOTHING
            """,
            [
                .text(account.description), .text(account.kind), .text(account.asset.rawValue),
            ],
        )
    }

    mutating func flushBalances() throws {
        for (account, balance) in loaded.balances.takeChanged() {
            try execute(
                """
                INSERT INTO accounts (id, kind, asset, credits, debits, held)
                VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET
                    credits = excluded.credits, debits = excluded.debits, held = excluded.held
                """,
                [
                    .text(account.description), .text(account.kind),
                    .text(account.asset.rawValue), .integer(balance.credits.units),
                    .integer(balance.debits.units), .integer(balance.held.units),
                ],
            )
        }
    }
}

extension RowReader {
    mutating func balance() throws(StoreError) -> Balance {
        Balance(
            credits: try amount("credits"),
            debits: try amount("debits"),
            held: try amount("held"),
        )
    }
}

extension AccountID {
    /// The first word of its name.
    var kind: String {
        switch owner {
        case .customer: "customer"
        case .custody: "custody"
        case .provider: "provider"
        case .revenue: "revenue"
        case .overrun: "overrun"
        case .promotion: "promotion"
        case .suspense: "suspense"
        case .payout: "payout"
        }
    }
}
