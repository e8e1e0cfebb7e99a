import FoundationEssentials
import GRDB
package import Primitives

extension SQLiteStore {
    /// The name of the chain that a single gateway's transfers form.
    package static let defaultChain = "gateway"

    /// How long a connection waits for another one's lock, in seconds.
    private static let busyTimeout = 5.0
    /// How much of the database the writer keeps in memory, in KiB.
    ///
    /// With SQLite's own 2 MiB, a batch over many customers reads the same pages again and again,
    /// and writes pages to the log before its commit.
    private static let writerCache = 65_536
    /// How many reads run beside each other.
    private static let readers = 4

    /// Opens the database at `location`; for ``Access/exclusive`` it is created where it is missing
    /// and brought up to this version's schema.
    ///
    /// `onFailure` is told once, on the writer's own thread, when a commit fails; the process then
    /// has to stop. The log is moved into the database once it has `checkpointPages`; `rowsKept` is
    /// how many rows the writer remembers from one commit to the next.
    ///
    /// - Throws: ``SQLiteOpenError``.
    package static func open(
        _ location: SQLiteLocation,
        access: Access,
        chain: String = SQLiteStore.defaultChain,
        checkpointPages: Int = LogCheckpoint.pages,
        rowsKept: Int = LoadedRows.limit,
        onFailure: @escaping @Sendable (StoreError) -> Void = { _ in },
    ) throws -> SQLiteStore {
        switch (location, access) {
        case (.memory, .exclusive):
            let database = try DatabaseQueue(configuration: configuration(checkpointPages))
            try prepare(database)
            let queue = WriteQueue(
                database,
                chain: chain,
                rowsKept: rowsKept,
                mark: nil,
                onFailure: onFailure,
            )
            return SQLiteStore(database, queue: queue, lock: nil)
        case (.memory, .readOnly): throw SQLiteOpenError.missing(path: ":memory:")
        case (.file(let path), .exclusive):
            try createFolder(of: path)
            let lock = try DatabaseLock.acquire(besides: path)
            try requireAnswered(path)
            let database = try pool(path, configuration(checkpointPages))
            try prepare(database)
            try requireWAL(database)
            try renewLog(of: database)
            let mark = try CommitMark.open(besides: path)
            let queue = WriteQueue(
                database,
                chain: chain,
                rowsKept: rowsKept,
                mark: mark,
                onFailure: onFailure,
            )
            return SQLiteStore(database, queue: queue, lock: lock)
        case (.file(let path), .readOnly):
            // Before the snapshot, which is then at least as new.
            let answered = try CommitMark.count(besides: path)
            let database = try reader(path)
            try requireCommits(answered, of: database)
            return SQLiteStore(database, queue: nil, lock: nil)
        }
    }

    /// Refuses a database that has lost what was answered, and leaves its files as they are: the rest
    /// of a log that was cut may still be read by somebody who looks.
    private static func requireAnswered(_ path: String) throws {
        guard let answered = try CommitMark.count(besides: path) else { return }
        var configuration = configuration(LogCheckpoint.pages)
        configuration.readonly = true
        do {
            // One connection is enough for one question.
            let database = try DatabaseQueue(path: path, configuration: configuration)
            try requireCommits(answered, of: database)
            try database.close()
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CANTOPEN {
            throw SQLiteOpenError.behind(path: path, commits: 0, answered: answered)
        } catch let error as DatabaseError {
            throw SQLiteOpenError.cannotOpen(path: path, reason: "\(error)")
        }
    }

    private static func requireCommits(_ answered: Int64?, of database: any DatabaseReader) throws {
        guard let answered else { return }
        let commits = try database.read { database in
            guard try database.tableExists("chains") else { return Int64(0) }
            return try SQLiteTransaction(database, access: .read).commitCount()
        }
        guard commits >= answered else {
            throw SQLiteOpenError.behind(path: database.path, commits: commits, answered: answered)
        }
    }

    private static func reader(_ path: String) throws -> DatabasePool {
        guard FileManager.default.fileExists(atPath: path) else {
            throw SQLiteOpenError.missing(path: path)
        }
        var configuration = configuration(LogCheckpoint.pages)
        configuration.readonly = true
        let database = try pool(path, configuration)
        try withReason(of: path) { try database.read { try Schema.requireCurrent($0, at: path) } }
        return database
    }

    private static func configuration(_ checkpointPages: Int) -> Configuration {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(busyTimeout)
        configuration.maximumReaderCount = readers
        configuration.prepareDatabase { database in
            // A mapped file turns a full disk into a SIGBUS.
            try database.execute(sql: "PRAGMA mmap_size = 0")
            LogCheckpoint.install(on: database, after: checkpointPages)
        }
        return configuration
    }

    private static func createFolder(of path: String) throws(SQLiteOpenError) {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return }
        do {
            try FileManager.default.createDirectory(
                atPath: String(path[..<slash]),
                withIntermediateDirectories: true,
            )
        } catch {
            throw .cannotOpen(path: path, reason: "its folder cannot be made: \(error)")
        }
    }

    private static func pool(
        _ path: String,
        _ configuration: Configuration,
    ) throws(SQLiteOpenError) -> DatabasePool {
        do {
            return try DatabasePool(path: path, configuration: configuration)
        } catch {
            throw .cannotOpen(path: path, reason: "\(error)")
        }
    }

    /// Brings the schema up to date and makes sure of every setting that money depends on.
    ///
    /// GRDB lowers `synchronous` to NORMAL while it opens a database in WAL mode, after every hook
    /// it has for settings; so it is raised here, on the writer, and read back.
    private static func prepare(_ database: any DatabaseWriter) throws {
        try withReason(of: database.path) {
            try database.writeWithoutTransaction { try SynchronousLevel.full.set($0) }
            try Schema.bringUp(database)
        }
        try database.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA cache_size = -\(writerCache)")
            try SynchronousLevel.full.set(database)
            try require("foreign_keys", "1", try setting(database, "PRAGMA foreign_keys"))
            try require("mmap_size", "0", try setting(database, "PRAGMA mmap_size") ?? "0")
        }
    }

    /// Gives a failure of SQLite its name.
    private static func withReason(of path: String, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as DatabaseError {
            throw SQLiteOpenError.cannotOpen(path: path, reason: "\(error)")
        }
    }

    /// Moves what the log holds into the database and begins a new log, all of it synced.
    ///
    /// What is found here is believed from now on, and a retry is told that it happened; so it must
    /// survive a power cut. A process that was killed may have written to the log and not synced it.
    /// One whose sync failed leaves a log that reads well and is not on the disk, where no later
    /// sync puts it: the system takes its pages for written. Only a new log is to be trusted.
    private static func renewLog(of database: any DatabaseWriter) throws {
        let path = database.path
        try withReason(of: path) {
            try database.writeWithoutTransaction { database in
                do {
                    _ = try database.checkpoint(.truncate)
                } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
                    throw SQLiteOpenError.cannotOpen(
                        path: path,
                        reason: "another process is reading it; wait for it to end",
                    )
                }
                // The first frame of the new log: a sync that covers the truncation too.
                try database.execute(sql: "PRAGMA user_version = 1")
            }
        }
    }

    private static func requireWAL(_ database: any DatabaseWriter) throws {
        try database.writeWithoutTransaction { database in
            try require("journal_mode", "wal", try setting(database, "PRAGMA journal_mode"))
        }
    }

    private static func setting(_ database: Database, _ pragma: String) throws -> String? {
        try Row.fetchOne(database, sql: pragma).map { "\($0[0] as DatabaseValue)" }
    }

    private static func require(
        _ name: String,
        _ expected: String,
        _ found: String?,
    ) throws(SQLiteOpenError) {
        let found = found?.filter { $0 != "\"" } ?? "nothing"
        guard found == expected else { throw .unsafeSetting(name: name, found: found) }
    }
}
