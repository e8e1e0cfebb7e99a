import GRDB
package import Primitives

/// The ledger, the receipts, the keys and the rate cards in one SQLite database.
///
/// One process writes (a lock file sees to it) through one connection; reads run beside it on
/// snapshots. Writes that wait together are committed together.
package final class SQLiteStore: Store {
    package typealias Transaction = SQLiteTransaction

    /// What a process wants of a database.
    package enum Access: Hashable, Sendable {
        /// To be the one process that writes.
        case exclusive
        /// To look, whether or not another process writes.
        case readOnly
    }

    let database: any DatabaseWriter
    private let queue: WriteQueue?
    private let lock: DatabaseLock?

    init(_ database: any DatabaseWriter, queue: WriteQueue?, lock: DatabaseLock?) {
        self.database = database
        self.queue = queue
        self.lock = lock
    }

    /// Whether no further write is taken: a commit failed, or the store was closed or opened for
    /// reading.
    package var isStopped: Bool { queue?.isStopped ?? true }

    /// How many batches were committed since the store was opened.
    package var commitCount: Int { queue?.counts.commits ?? 0 }

    /// How many writes those batches held.
    package var writeCount: Int { queue?.counts.writes ?? 0 }

    /// How many writes wait for the next batch now.
    package var waitingCount: Int { queue?.waitingCount ?? 0 }

    /// Runs `body` together with the writes that wait beside it, and returns when the batch is
    /// committed.
    ///
    /// It is not cancelled with the caller's task: money that has moved stays moved.
    ///
    /// - Throws: what `body` throws; ``StoreError/commitFailed(_:)`` for every write of a batch
    ///   that failed, after which nothing but ``StoreError/stopped`` comes.
    package func write<Outcome: Sendable>(
        _ durability: Durability,
        _ body: @escaping @Sendable (inout SQLiteTransaction) throws -> Outcome,
    ) async throws -> Outcome {
        guard let queue else { throw StoreError.stopped }
        return try await withCheckedThrowingContinuation { continuation in
            queue.add(WriteJob(durability, body, continuation))
        }
    }

    /// Runs `body` on a snapshot; it sees every write that was answered before.
    package func read<Outcome: Sendable>(
        _ body: @escaping @Sendable (inout SQLiteTransaction) throws -> Outcome
    ) async throws -> Outcome {
        try await withCheckedThrowingContinuation { continuation in
            database.asyncUnsafeRead { result in
                continuation.resume(with: Result { try SQLiteStore.run(body, on: result) })
            }
        }
    }

    private static func run<Outcome>(
        _ body: (inout SQLiteTransaction) throws -> Outcome,
        on connection: Result<Database, any Error>,
    ) throws -> Outcome {
        do {
            let database = try connection.get()
            return try database.readOnly {
                // The first query of the transaction takes the snapshot.
                try database.beginTransaction(.deferred)
                defer { database.endRead() }
                var transaction = SQLiteTransaction(database, access: .read)
                return try body(&transaction)
            }
        } catch let error as DatabaseError {
            throw error.asStoreError
        }
    }

    /// Writes `text` where other processes find it, such as the address of this gateway.
    package func announce(_ text: String) { lock?.write(text) }

    /// What the process that writes to `location` announced; for those it refused the database.
    package static func announcement(at location: SQLiteLocation) -> String? {
        switch location {
        case .file(let path): DatabaseLock.note(besides: path)
        case .memory: nil
        }
    }

    /// Lets go of the database as a process that dies does: nothing is answered, moved or synced.
    package func abandon() {
        // What fails in it is what would have been lost with the process.
        try? database.close()
        queue?.closeMark()
        lock?.release()
    }

    /// Answers the writes that wait, then moves the log into the database and lets go of it.
    ///
    /// After a failed commit the database is left as it is, for the next start to recover.
    ///
    /// - Throws: `StoreError.commitFailed` where SQLite could not close it cleanly.
    package func close() async throws {
        let isBroken = isStopped && queue != nil
        await queue?.finish()
        defer {
            queue?.closeMark()
            lock?.release()
        }
        guard !isBroken else { return }
        do {
            if queue != nil {
                try await database.writeWithoutTransaction { _ = try $0.checkpoint(.passive) }
            }
            try database.close()
        } catch let error as DatabaseError {
            throw StoreError.commitFailed("\(error)")
        }
    }
}

extension DatabaseError {
    /// What callers of a store are told when the database itself fails a read.
    var asStoreError: StoreError {
        switch resultCode {
        case .SQLITE_MISUSE: .stopped
        default: .corrupt("\(self)")
        }
    }
}

extension Database {
    /// Lets go of a read's snapshot; nothing was written, so there is nothing to lose.
    fileprivate func endRead() {
        // An I/O error has ended it already.
        guard isInsideTransaction else { return }
        do {
            try rollback()
        } catch {
            preconditionFailure("a read could not be ended: \(error)")
        }
    }
}

extension Error {
    /// Whether the database failed, rather than a rule refused.
    var isOfDatabase: Bool { self is DatabaseError }
}
