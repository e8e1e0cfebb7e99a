/// What a writer waits for before it is answered.
package enum Durability: Sendable {
    /// Committed, and seen by every gateway: enough for a hold. A power cut may lose it, together
    /// with everything written after it.
    case visible
    /// On the disk: survives `kill -9` and a power cut. Settlements, deposits, keys.
    case durable
}

/// Durable storage with one writer at a time.
package protocol Store: Sendable {
    /// What one transaction can read and write; each module asks only for its slice of it.
    associatedtype Transaction

    /// Runs `body` in a transaction, committed if it returns and without effect if it throws.
    ///
    /// The body never suspends, so no other writer can see it half done. It checks everything
    /// before its first write: a body that throws after a write is a programmer error. A write is
    /// not cancelled with the task that asked for it; it commits or fails.
    ///
    /// - Throws: what `body` throws (nothing was written), or ``StoreError`` when the commit failed
    ///   (it is unknown whether it was written; the store takes no further write).
    func write<Outcome: Sendable>(
        _ durability: Durability,
        _ body: @escaping @Sendable (inout Transaction) throws -> Outcome,
    ) async throws -> Outcome

    /// Runs `body` on a consistent, committed state. Writing in it is a programmer error.
    func read<Outcome: Sendable>(
        _ body: @escaping @Sendable (inout Transaction) throws -> Outcome
    ) async throws -> Outcome
}

/// The store itself failed: money routes answer 503 and the process must stop.
package enum StoreError: Failure, Hashable {
    /// A commit or a sync failed; its outcome is unknown until a restart has looked.
    case commitFailed(String)
    /// An earlier commit failed, or the store was closed.
    case stopped
    /// The rows in the database are not what this version writes.
    case corrupt(String)

    package var code: String {
        switch self {
        case .commitFailed: "store_commit_failed"
        case .stopped: "store_stopped"
        case .corrupt: "store_corrupt"
        }
    }

    package var kind: FailureKind { .unavailable }

    package var message: String {
        switch self {
        case .commitFailed: "The ledger could not be written; nothing was forwarded."
        case .stopped: "The ledger is not taking writes."
        case .corrupt: "The ledger holds a row that cannot be read."
        }
    }
}
