import GRDB
package import Ledger
import Primitives

extension SQLiteTransaction {
    package mutating func balance(of account: AccountID) throws -> Balance {
        if let loaded = balances[account] { return loaded.value }
        let stored = try row(
            "SELECT credits, debits, held FROM accounts WHERE id = ?",
            [account.description],
        )
        let balance = try stored.map { row in
            var columns = RowReader(row, of: "accounts")
            return try columns.balance()
        }
        balances[account] = Loaded(value: balance ?? .zero, isChanged: false)
        return balance ?? .zero
    }

    package mutating func setBalance(_ balance: Balance, of account: AccountID) throws {
        willWrite()
        balances[account] = Loaded(value: balance, isChanged: true)
    }

    mutating func flushBalances() throws {
        for (account, loaded) in balances where loaded.isChanged {
            let balance = loaded.value
            try execute(
                """
                INSERT INTO accounts (id, kind, asset, credits, debits, held)
                VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (id) DO UPDATE SET
                    credits = excluded.credits, debits = excluded.debits, held = excluded.held
                """,
                [
                    account.description, account.kind, account.asset.rawValue,
                    balance.credits.units, balance.debits.units, balance.held.units,
                ],
            )
            balances[account]?.isChanged = false
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
