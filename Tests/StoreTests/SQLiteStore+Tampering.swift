import GRDB
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
