import GRDB
import GatewayTestKit
import Primitives
import Testing

@testable import StoreSQLite

extension SQLiteStore {
    /// Leaves the database a few pages to grow by, as a disk that fills up does.
    func limitPages() async throws {
        try await database.writeWithoutTransaction { database in
            let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            _ = try Int.fetchOne(database, sql: "PRAGMA max_page_count = \(pages + 4)")
        }
    }
}

/// Runs `sql` with everything out of its way that keeps rows right.
func tamper(_ path: String, _ sql: String) throws {
    try rawSQL(
        path,
        """
        PRAGMA ignore_check_constraints = ON;
        PRAGMA foreign_keys = OFF;
        DROP TRIGGER transfers_are_not_changed;
        DROP TRIGGER transfers_are_not_removed;
        DROP TRIGGER receipts_are_not_changed;
        DROP TRIGGER rate_cards_are_not_changed;
        DROP TRIGGER deposits_keep_their_amount;
        DROP TRIGGER deposits_are_not_removed;
        DROP TRIGGER deposit_steps_are_not_changed;
        DROP TRIGGER deposit_steps_are_not_removed;
        DROP TRIGGER withdrawals_keep_their_order;
        DROP TRIGGER withdrawals_are_not_removed;
        DROP TRIGGER withdrawal_steps_are_not_changed;
        DROP TRIGGER withdrawal_steps_are_not_removed;
        DROP TRIGGER wallets_are_not_changed;
        DROP TRIGGER wallets_are_not_removed;
        \(sql);
        """,
    )
}

/// Expects that the tables do not take `sql`: a statement that only names what is not there says nothing.
func expectRefusal(of sql: String, by path: String) {
    let error = #expect(throws: DatabaseError.self) { try rawSQL(path, sql) }
    #expect(error?.resultCode == .SQLITE_CONSTRAINT, "\(sql)")
}

/// Makes a file whose books are clean, and says what they hold.
func fillFile(
    _ path: String,
    _ fill: @escaping @Sendable (inout any EverySlice) throws -> Void,
) async throws {
    let store = try SQLiteStore.open(.file(path), access: .exclusive)
    try await AnyStore(store).write(.durable, fill)
    try await store.read { _ = try BooksAudit(&$0) }
    try await store.close()
}

/// What the audit says of a file in which `sql` has changed something.
func auditError(
    after sql: String,
    _ fill: @escaping @Sendable (inout any EverySlice) throws -> Void,
) async throws -> any Error {
    var found: any Error = StoreError.stopped
    try await withTemporaryFolder { folder in
        let path = "\(folder)/farebox.db"
        try await fillFile(path, fill)
        try tamper(path, sql)
        let reader = try SQLiteStore.open(.file(path), access: .readOnly)
        do {
            try await reader.read { _ = try BooksAudit(&$0) }
        } catch {
            found = error
        }
        try await reader.close()
    }
    return found
}
