import GRDB
import GRDBSQLite

/// Moves the log into the database when it has grown long, and fails the commit where that fails.
///
/// SQLite would do it by itself and keep its failures to itself. A sync of the log that fails on the
/// way loses what it should have covered; no later sync brings it back, and the commits after it
/// would be acknowledged on top of a hole.
package enum LogCheckpoint {
    /// How many pages the log has when it is moved; SQLite's own default.
    package static let pages = 1000

    static func install(on database: Database, after pages: Int) {
        sqlite3_wal_hook(
            database.sqliteConnection,
            { limit, connection, name, length in
                guard Int(length) >= Int(bitPattern: limit) else { return SQLITE_OK }
                let result = sqlite3_wal_checkpoint_v2(
                    connection,
                    name,
                    SQLITE_CHECKPOINT_PASSIVE,
                    nil,
                    nil,
                )
                // Somebody reads the pages that would be replaced; a later commit tries again.
                return result == SQLITE_BUSY || result == SQLITE_LOCKED ? SQLITE_OK : result
            },
            UnsafeMutableRawPointer(bitPattern: pages),
        )
    }
}
