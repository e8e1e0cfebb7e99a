import GRDB
import Testing

@testable import StoreSQLite

/// What SQLite makes of the schema, as its `EXPLAIN` tells.
struct StatementPlanTests {
    /// Runs `body` on a new database.
    private func withDatabase<Value: Sendable>(
        _ body: @Sendable (Database) throws -> Value
    ) async throws -> Value {
        let store = try SQLiteStore.open(.memory, access: .exclusive)
        let value = try await store.database.writeWithoutTransaction(body)
        try await store.close()
        return value
    }

    /// The instructions of a statement.
    private static func instructions(_ database: Database, _ sql: String) throws -> [String] {
        let rows = try Row.fetchAll(database.makeStatement(sql: "EXPLAIN \(sql)"))
        return rows.map { "\($0["opcode"] ?? "")" }
    }

    @Test func `no check of a row builds a table`() async throws {
        let inserts = try await withDatabase { database in
            let tables = try String.fetchAll(
                database,
                sql: "SELECT name FROM sqlite_schema WHERE type = 'table'",
            )
            return try tables.filter { !$0.hasPrefix("sqlite_") && !$0.hasPrefix("grdb_") }
                .map { table in
                    let width = try database.columns(in: table).count
                    let values = Array(repeating: "NULL", count: width).joined(separator: ",")
                    let insert = "INSERT INTO \(table) VALUES (\(values))"
                    return (table, try StatementPlanTests.instructions(database, insert))
                }
        }
        #expect(inserts.count > 8)
        for (table, instructions) in inserts {
            #expect(!instructions.contains("OpenEphemeral"), "\(table)")
        }
    }

    @Test func `a new account looks through no transfers`() async throws {
        let instructions = try await withDatabase { database in
            try StatementPlanTests.instructions(
                database,
                "INSERT INTO accounts VALUES ('revenue/usd', 'revenue', 'usd', 0, 0, 0)",
            )
        }
        // Where a transfer could come before its account, each new account looks for its transfers.
        #expect(!instructions.contains("OpenRead"))
    }

    @Test func `a hold that ends is found by its key`() async throws {
        let plan = try await withDatabase { database in
            try Row.fetchAll(
                database.makeStatement(sql: "EXPLAIN QUERY PLAN \(HoldRow.update)"),
                arguments: StatementArguments((1...16).map { "\($0)" }),
            ).map { "\($0["detail"] ?? "")" }
        }
        #expect(plan == ["SEARCH holds USING PRIMARY KEY (id=?)"])
    }
}
