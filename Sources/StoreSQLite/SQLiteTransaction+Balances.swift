import GRDB
package import Ledger
import Primitives

extension SQLiteTransaction {
    package mutating func balance(of account: AccountID) throws -> Balance {
        if let found = knownBalance(of: account) { return found }
        if case .customer(let customer) = account.owner {
            try loadBalances(of: customer)
        } else {
            let stored = try row(
                "SELECT credits, debits FROM accounts WHERE id = ?",
                [.text(account.description)],
                of: "accounts",
            ) { columns in try columns.balance(holding: .zero) }
            loaded.balances.remember(stored, for: account)
        }
        return knownBalance(of: account) ?? .zero
    }

    private func knownBalance(of account: AccountID) -> Balance? {
        switch loaded.balances[account] {
        case .row(let found): found
        case .absent: .zero
        case .nothing: nil
        }
    }

    /// Takes all accounts of a customer, which lie beside each other and share its holds.
    private mutating func loadBalances(of customer: CustomerID) throws {
        let held = try reserved(of: customer)
        let stored = try rows(
            "SELECT id, credits, debits FROM accounts WHERE id >= ? AND id < ?",
            // After the slash comes the zero.
            [.text("customer/\(customer)/"), .text("customer/\(customer)0")],
            of: "accounts",
        ) { columns in
            let id = try columns.parsed("id", AccountID.init)
            return (id, try columns.balance(holding: held[id.asset] ?? .zero))
        }
        for asset in Asset.allCases {
            let account = AccountID.customer(customer, asset)
            guard knownBalance(of: account) == nil else { continue }
            loaded.balances.remember(stored.first { $0.0 == account }?.1, for: account)
        }
    }

    package mutating func setBalance(_ balance: Balance, of account: AccountID) throws {
        willWrite()
        // The table does not know what is held.
        guard account.mayHold(balance) else {
            throw DatabaseError(
                resultCode: .SQLITE_CONSTRAINT_CHECK,
                message: "\(account) may not become \(balance)",
            )
        }
        if case .row(let before) = loaded.balances[account],
            before.credits == balance.credits, before.debits == balance.debits
        {
            // What is held follows from the open holds.
            loaded.balances.adjust(balance, for: account)
            return
        }
        let isStored = loaded.balances.change(balance, for: account)
        guard !isStored else { return }
        // A transfer names the rows of its accounts: a new one is there before it.
        try execute(
            """
            INSERT INTO accounts (id, kind, asset, credits, debits) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET credits = excluded.credits, debits = excluded.debits
            """,
            [
                .text(account.description), .text(account.kind), .text(account.asset.rawValue),
                .integer(balance.credits.units), .integer(balance.debits.units),
            ],
        )
        loaded.balances.remember(balance, for: account)
    }

    mutating func flushBalances() throws {
        let statements = statements
        try loaded.balances.storeChanged { account, balance, _ in
            try statements.update(
                "UPDATE accounts SET credits = ?, debits = ? WHERE id = ?",
                [
                    .integer(balance.credits.units), .integer(balance.debits.units),
                    .text(account.description),
                ],
            )
        }
    }
}

extension RowReader {
    mutating func balance(holding held: Amount) throws(StoreError) -> Balance {
        Balance(credits: try amount("credits"), debits: try amount("debits"), held: held)
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
