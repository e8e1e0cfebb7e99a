package import Ledger
import Primitives

extension SQLiteTransaction {
    package mutating func balance(of account: AccountID) throws -> Balance {
        switch loaded.balances[account] {
        case .row(let found): return found
        case .absent: return .zero
        case .nothing: break
        }
        let balance = try row(
            "SELECT credits, debits, held FROM accounts WHERE id = ?",
            [.text(account.description)],
            of: "accounts",
        ) { columns in try columns.balance() }
        loaded.balances.remember(balance, for: account)
        return balance ?? .zero
    }

    package mutating func setBalance(_ balance: Balance, of account: AccountID) throws {
        willWrite()
        let isStored = loaded.balances.change(balance, for: account)
        guard !isStored else { return }
        // A transfer names the rows of its accounts: a new one is there before it.
        try execute(
            """
            INSERT INTO accounts (id, kind, asset, credits, debits, held) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET
                credits = excluded.credits, debits = excluded.debits, held = excluded.held
            """,
            [
                .text(account.description), .text(account.kind), .text(account.asset.rawValue),
                .integer(balance.credits.units), .integer(balance.debits.units),
                .integer(balance.held.units),
            ],
        )
        loaded.balances.remember(balance, for: account)
    }

    mutating func flushBalances() throws {
        let statements = statements
        try loaded.balances.storeChanged { account, balance, _ in
            try statements.update(
                "UPDATE accounts SET credits = ?, debits = ?, held = ? WHERE id = ?",
                [
                    .integer(balance.credits.units), .integer(balance.debits.units),
                    .integer(balance.held.units), .text(account.description),
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
