import GRDB
import Ledger

/// A digest over a row that follows from nothing else, kept in the row, so that a damaged disk shows.
///
/// Balances, spending and the chain's end are derived from the transfers, and the transfers hold each
/// other. A hold that took no money, a key, a price: nothing says what they were but themselves.
enum Seal {
    /// The columns that a seal covers, in the order in which they are written.
    private static let columns = [
        "holds": """
        id, customer, key, amount, parts, sol_rate, sol_rate_at, rate_card, subject, placed_at,
        lease, state, charge, resolved_at, refunded
        """,
        "receipts": "id, content",
        "customers": "id, deposit_code, label, created_at, budgets",
        "keys": "id, customer, digest, settings, created_at, updated_at, revoked_at",
        "rate_cards": "version, content",
        "rate_card_publications": "version, at",
    ]

    /// A row's values with their seal behind them.
    static func sealed(_ values: [(any DatabaseValueConvertible)?]) -> StatementArguments {
        let seal = of(values.map { $0?.databaseValue ?? .null })
        return StatementArguments(values + [seal.asBlob])
    }

    /// The first row of the database that does not match its seal, as `table key`.
    static func firstBroken(in database: Database) throws -> String? {
        for (table, columns) in columns.sorted(by: { $0.key < $1.key }) {
            let rows = try Row.fetchCursor(database, sql: "SELECT \(columns), seal FROM \(table)")
            while let row = try rows.next() {
                let values = (0..<row.count).map { row[$0] as DatabaseValue }
                guard case .blob(let seal) = values.last?.storage,
                    of(values.dropLast()) == Array(seal)
                else { return "\(table) \(values.first ?? .null)" }
            }
        }
        return nil
    }

    private static func of(_ values: some Sequence<DatabaseValue>) -> [UInt8] {
        FieldDigest.of(
            values.map { value in
                switch value.storage {
                case .null: "null"
                case .int64(let integer): "integer \(integer)"
                case .double(let double): "double \(double)"
                case .string(let text): "text \(text)"
                case .blob(let bytes):
                    "blob " + bytes.map { String($0, radix: 16) }.joined(separator: " ")
                }
            }
        )
    }
}
