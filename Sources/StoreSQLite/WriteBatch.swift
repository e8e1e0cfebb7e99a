import GRDB
import Primitives

/// The writes of one commit.
struct WriteBatch {
    private let jobs: [WriteJob]
    private let chain: String
    /// How many rows the next batch is to find loaded.
    private let rowsKept: Int

    /// Whether somebody waits for the disk.
    private var isDurable: Bool { jobs.contains { $0.durability == .durable } }

    init(_ jobs: [WriteJob], chain: String, rowsKept: Int) {
        self.jobs = jobs
        self.chain = chain
        self.rowsKept = rowsKept
    }

    /// Runs every body on one transaction and commits it.
    ///
    /// `loaded` are the rows that earlier batches have loaded or written, and then this one's.
    ///
    /// - Returns: an answer for each job, to be given now that it is committed; and how many durable
    ///   commits there have been, where this is one.
    /// - Throws: the database's failure; the transaction is rolled back as far as that is possible.
    func commit(
        to database: Database,
        _ loaded: inout LoadedRows,
    ) throws -> (answers: [WriteJob.Answer], durableCommits: Int64?) {
        try setSynchronous(database)
        try database.beginTransaction(.immediate)
        do {
            var transaction = SQLiteTransaction(
                database,
                access: .write(chain: chain),
                loaded: loaded.taken(),
            )
            var answers: [WriteJob.Answer] = []
            for job in jobs {
                switch job.run(&transaction) {
                case .answer(let answer): answers.append(answer)
                case .broken(let error): throw error
                }
            }
            try transaction.flush()
            let count = isDurable ? try transaction.countCommit() : nil
            try database.commit()
            transaction.loaded.forgetOld(keeping: rowsKept)
            loaded = transaction.loaded
            return (answers, count)
        } catch {
            // SQLite has rolled back by itself after a full disk or an I/O error.
            if database.isInsideTransaction { try database.rollback() }
            throw error
        }
    }

    /// Asks SQLite to sync the log at commit where somebody in the batch waits for the disk.
    ///
    /// All commits share one write-ahead log, which is synced as a whole and replayed in order. A
    /// batch of holds alone may therefore skip its sync: a power cut that loses it also loses
    /// everything after it, and the next durable commit puts it on the disk with its own. The
    /// setting cannot change within a transaction and is left alone where it is right already.
    private func setSynchronous(_ database: Database) throws {
        let level = isDurable ? SynchronousLevel.full : .normal
        guard try SynchronousLevel.current(database) != level.rawValue else { return }
        try level.set(database)
    }
}

/// How much SQLite waits for the disk, as `PRAGMA synchronous` numbers it.
enum SynchronousLevel: Int {
    /// The log is synced before a checkpoint alone.
    case normal = 1
    /// The log is synced at each commit.
    case full = 2

    static func current(_ database: Database) throws -> Int? {
        try Int.fetchOne(database.cachedStatement(sql: "PRAGMA synchronous"))
    }

    /// - Throws: ``SQLiteOpenError/unsafeSetting(name:found:)`` where SQLite does not take it.
    func set(_ database: Database) throws {
        switch self {
        case .normal: try database.execute(sql: "PRAGMA synchronous = NORMAL")
        case .full: try database.execute(sql: "PRAGMA synchronous = FULL")
        }
        let found = try SynchronousLevel.current(database)
        guard found == rawValue else {
            throw SQLiteOpenError.unsafeSetting(
                name: "synchronous",
                found: found.map(String.init) ?? "nothing",
            )
        }
    }
}
