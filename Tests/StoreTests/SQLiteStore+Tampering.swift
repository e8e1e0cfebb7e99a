import GRDB

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
