package import Primitives

/// Why a database was not opened; nothing in it was changed.
package enum SQLiteOpenError: Failure, Hashable {
    /// The text is neither `sqlite:PATH` nor `sqlite::memory:`.
    case notALocation(String)
    /// Another process has the database open for writing.
    case locked(path: String)
    /// There is no database to read.
    case missing(path: String)
    /// The database was written by a version of this program that is newer.
    case tooNew
    /// The database was written by an older version and has not been opened for writing since.
    case tooOld
    /// The migrations are this version's, and the tables are not.
    case otherTables(path: String)
    /// The database counts fewer commits than were answered: its log was cut, or it is an older copy.
    case behind(path: String, commits: Int64, answered: Int64)
    /// What remembers the number of commits can not be read.
    case markUnreadable(path: String)
    /// SQLite did not take a setting without which money could be lost.
    case unsafeSetting(name: String, found: String)
    /// The system's or SQLite's own reason.
    case cannotOpen(path: String, reason: String)

    package var code: String {
        switch self {
        case .notALocation: "database_location_invalid"
        case .locked: "database_locked"
        case .missing: "database_missing"
        case .tooNew: "database_too_new"
        case .tooOld: "database_too_old"
        case .otherTables: "database_other_tables"
        case .behind: "database_behind"
        case .markUnreadable: "database_mark_unreadable"
        case .unsafeSetting: "database_setting_refused"
        case .cannotOpen: "database_not_opened"
        }
    }

    package var kind: FailureKind {
        switch self {
        case .notALocation: .malformed
        case .locked: .conflict
        case .missing: .notFound
        case .tooNew, .tooOld, .otherTables, .behind, .markUnreadable, .unsafeSetting, .cannotOpen:
            .unavailable
        }
    }

    package var message: String {
        switch self {
        case .notALocation(let text):
            "\(text) is not a database: write sqlite:PATH or sqlite::memory:."
        case .locked(let path): "Another process has \(path) open for writing."
        case .missing(let path): "There is no database at \(path)."
        case .tooNew: "The database was written by a newer version of farebox."
        case .tooOld: "The database is of an older version; start the gateway once to bring it up."
        case .otherTables(let path):
            "\(path) was made by a build whose tables were others, and nothing leads from them to this "
                + "version's. It is as it was: read it with that build. To begin with a new database, move "
                + "the file away, with the .mark, -wal and -shm beside it, or name another path."
        case .behind(let path, let commits, let answered):
            "\(path) has lost what was answered: it counts \(commits) durable commits, and there were "
                + "\(answered). Keep its files, and restore what is missing; to go on without it, "
                + "remove \(CommitMark.file(besides: path))."
        case .markUnreadable(let path):
            "\(path), which remembers how many commits were answered, can not be read. Remove it, and "
                + "audit the database."
        case .unsafeSetting(let name, let found):
            "SQLite did not take the setting \(name): it reads \(found)."
        case .cannotOpen(let path, let reason): "\(path) could not be opened: \(reason)"
        }
    }
}
