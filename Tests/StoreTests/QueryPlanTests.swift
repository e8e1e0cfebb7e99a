import GRDB
import GRDBSQLite
import Testing

@testable import StoreSQLite

/// An inference must cost the same however much is stored.
struct QueryPlanTests {
    /// The statements that read a whole table, each for its reason; nobody's request waits for them.
    private static let scans = [
        // The audit of everything.
        "SELECT id, kind, asset, credits, debits FROM accounts ORDER BY id",
        "SELECT spender, day, charged FROM daily_charges ORDER BY spender, day",
        "SELECT writer FROM chains UNION SELECT DISTINCT writer FROM transfers ORDER BY 1",
        "SELECT id, customer, key, amount, parts, sol_rate, sol_rate_at, rate_card, subject, "
            + "placed_at, lease, state, charge, resolved_at, refunded, seal FROM holds",
        "SELECT id, customer, key, requested_model, model, answered_model, upstream, rate_card, "
            + "usage, source, outcome, hold, charge, cost, overrun, balance_after, started_at, "
            + "settled_at, seal FROM receipts",
        "SELECT id, deposit_code, label, created_at, budgets, seal FROM customers",
        "SELECT id, customer, digest, settings, created_at, updated_at, revoked_at, seal FROM keys",
        "SELECT id, asset, amount, treasury, sender, code, block_number, block_hash, state, was, "
            + "suspicion, customer, lost, reason, disputed, steps, seen_at, changed_at, seal "
            + "FROM deposits",
        "SELECT deposit, number, kind, at, evidence, actor, seal FROM deposit_steps",
        "SELECT id, chain, asset, amount, wallet, state, transaction_name, transaction_place, "
            + "transaction_raw, transaction_signed_at, transaction_replaced, reason, "
            + "approved_by_rule_at, steps, requested_at, changed_at, seal FROM withdrawals",
        "SELECT withdrawal, number, kind, at, evidence, actor, seal FROM withdrawal_steps",
        "SELECT wallet, customer, at, seal FROM wallets",
        "SELECT source, place, seal FROM deposit_cursors",
        "SELECT chain, transaction_name, node, since, reason, told, missing_since, "
            + "missing_noted_at, seal FROM unread_transactions",
        "SELECT version, content, seal FROM rate_cards",
        "SELECT version, at, seal FROM rate_card_publications",
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name",
        // The operator's figures.
        "SELECT kind, asset, count(*), sum(credits), sum(debits) FROM accounts "
            + "GROUP BY kind, asset ORDER BY kind, asset",
        "SELECT state, asset, amount FROM withdrawals",
        "SELECT count(*) FROM customers",
        "SELECT count(*) FROM keys",
        "SELECT count(*) FROM receipts",
        "SELECT id, customer, digest, settings, created_at, updated_at, revoked_at FROM keys "
            + "ORDER BY id",
        // As many rows as there are open holds, as there are gateways; and the last row alone.
        "SELECT count(*) FROM holds WHERE state = 'open'",
        "SELECT customer, parts FROM holds WHERE state = 'open'",
        "SELECT customer, key, amount FROM holds WHERE state = 'open'",
        "SELECT id, customer, key, amount, parts, sol_rate, sol_rate_at, rate_card, subject, "
            + "placed_at, lease, state, charge, resolved_at, refunded FROM holds WHERE id IN "
            + "(SELECT id FROM holds WHERE state = 'open' AND lease < ? ORDER BY lease, id LIMIT ?) "
            + "ORDER BY lease, id",
        "SELECT coalesce(sum(commits), 0) AS count FROM chains",
        "SELECT version, content FROM rate_cards WHERE version = "
            + "(SELECT version FROM rate_card_publications ORDER BY sequence DESC LIMIT 1)",
    ]

    @Test func `no statement of a request reads a whole table`() async throws {
        let store = try SQLiteStore.open(.memory, access: .exclusive)
        let statements = try await StoreStatements.run(by: store)
        var found: Set<String> = []
        for text in statements where text.contains(/^(SELECT|INSERT|UPDATE|DELETE)/) {
            let steps = try await store.database.writeWithoutTransaction { database in
                StoreStatements.plan(of: text, in: database.sqliteConnection)
            }
            #expect(!steps.isEmpty || text.hasPrefix("INSERT"), "\(text): no plan")
            let scans = steps.filter { $0.hasPrefix("SCAN") && $0 != "SCAN CONSTANT ROW" }
            guard !scans.isEmpty else { continue }
            found.insert(text)
            #expect(
                QueryPlanTests.scans.contains(text),
                "\(text): \(scans.joined(separator: "; "))",
            )
        }
        // A statement that scans no more goes off the list.
        #expect(Set(QueryPlanTests.scans).subtracting(found) == [])
        try await store.close()
    }

    /// A plan does not tell whether what it holds for a foreign key is done.
    @Test func `no statement of a request steps through a table, not even for a foreign key`()
        async throws
    {
        let store = try SQLiteStore.open(.memory, access: .exclusive)
        _ = try await StoreStatements.run(by: store)
        let stepped = try await store.database.writeWithoutTransaction { database in
            var texts: [String] = []
            var next = sqlite3_next_stmt(database.sqliteConnection, nil)
            while let statement = next {
                let rows = sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_FULLSCAN_STEP, 0)
                if rows > 0, let text = sqlite3_sql(statement) {
                    texts.append(StoreStatements.normalized(String(cString: text)))
                }
                next = sqlite3_next_stmt(database.sqliteConnection, statement)
            }
            return texts
        }
        #expect(!stepped.isEmpty, "the counters say nothing")
        #expect(Set(stepped).subtracting(QueryPlanTests.scans) == [])
        try await store.close()
    }

    @Test func `no check of a row builds a table`() async throws {
        let store = try SQLiteStore.open(.memory, access: .exclusive)
        let inserts = try await store.database.writeWithoutTransaction { database in
            let tables = try String.fetchAll(
                database,
                sql: "SELECT name FROM sqlite_schema WHERE type = 'table'",
            )
            return try tables.filter { !$0.hasPrefix("sqlite_") && !$0.hasPrefix("grdb_") }
                .map { table in
                    let width = try database.columns(in: table).count
                    let values = Array(repeating: "NULL", count: width).joined(separator: ",")
                    let insert = "EXPLAIN INSERT INTO \(table) VALUES (\(values))"
                    let rows = try Row.fetchAll(database.makeStatement(sql: insert))
                    return (table, rows.map { "\($0["opcode"] ?? "")" })
                }
        }
        #expect(inserts.count > 8)
        for (table, instructions) in inserts {
            #expect(!instructions.contains("OpenEphemeral"), "\(table)")
        }
        try await store.close()
    }

    @Test func `every statement that the sources hold is asked for its plan`() async throws {
        let store = try SQLiteStore.open(.memory, access: .exclusive)
        let run = try await StoreStatements.run(by: store)
        let written = try StoreStatements.written()
        #expect(written.count > 30)
        for pieces in written {
            let isRun = run.contains { text in pieces.allSatisfy { text.contains($0) } }
            #expect(isRun, "nothing runs \(pieces.joined(separator: " … "))")
        }
        try await store.close()
    }
}
