import Ledger
import Primitives

/// A digest over a row that follows from nothing else, kept in the row, so that a damaged disk shows.
///
/// Balances, spending and the chain's end are derived from the transfers, and the transfers hold each
/// other. A hold that took no money, a key, a price: nothing says what they were but themselves.
enum Seal {
    /// How many bytes a seal has.
    static let length = FieldDigest.length

    /// The columns that a seal covers, in the order in which they are written.
    private static let columns = [
        "holds": """
        id, customer, key, amount, parts, sol_rate, sol_rate_at, rate_card, subject, placed_at,
        lease, state, charge, resolved_at, refunded
        """,
        "receipts": """
        id, customer, key, requested_model, model, answered_model, upstream, rate_card, usage,
        source, outcome, hold, charge, cost, overrun, balance_after, started_at, settled_at
        """,
        "customers": "id, deposit_code, label, created_at, budgets",
        "keys": "id, customer, digest, settings, created_at, updated_at, revoked_at",
        "deposits": """
        id, asset, amount, treasury, sender, code, block_number, block_hash, state, was, suspicion,
        customer, lost, reason, disputed, steps, seen_at, changed_at
        """,
        "deposit_steps": "deposit, number, kind, at, evidence, actor",
        "withdrawals": """
        id, chain, asset, amount, wallet, state, transaction_name, transaction_place,
        transaction_raw, transaction_signed_at, transaction_replaced, reason, approved_by_rule_at,
        steps, requested_at, changed_at
        """,
        "withdrawal_steps": "withdrawal, number, kind, at, evidence, actor",
        "wallets": "wallet, customer, at",
        "deposit_cursors": "source, place",
        "unread_transactions": """
        chain, transaction_name, node, since, reason, told, missing_since, missing_noted_at
        """,
        "rate_cards": "version, content",
        "rate_card_publications": "version, at",
    ]

    /// The seal of a row's bytes, which tell its values apart.
    static func of(_ row: [UInt8]) -> [UInt8] { FieldDigest.of(bytes: row) }

    /// The first row of the database that does not match its seal, as `table key`.
    static func firstBroken(in transaction: SQLiteTransaction) throws -> String? {
        for (table, columns) in columns.sorted(by: { $0.key < $1.key }) {
            let count = columns.split(separator: ",").count
            var broken: String?
            var bytes: [UInt8] = []
            try transaction.statements.read("SELECT \(columns), seal FROM \(table)", []) { row in
                bytes.removeAll(keepingCapacity: true)
                for index in 0..<count { bytes.append(StoredValue(row, CInt(index))) }
                if .blob(of(bytes)) == StoredValue(row, CInt(count)) { return true }
                broken = "\(table) \(StoredValue(row, 0))"
                return false
            }
            if let broken { return broken }
        }
        return nil
    }
}
