package import Primitives
import Synchronization

/// The model of a store: plain dictionaries, one writer at a time, one commit a write.
///
/// Every other store must answer as this one does. A test can look into it, change what is stored
/// behind everybody's back, and make the next commit fail.
package final class MemoryStore: Store {
    package typealias Transaction = MemoryTransaction

    private struct State {
        var books = MemoryBooks()
        var commits = 0
        /// The number of the commit that fails.
        var failingCommit: Int?
        var isStopped = false
    }

    private let state = Mutex(State())
    private let onFailure: @Sendable (StoreError) -> Void

    package init(onFailure: @escaping @Sendable (StoreError) -> Void = { _ in }) {
        self.onFailure = onFailure
    }

    /// How many writes were committed.
    package var commitCount: Int { state.withLock(\.commits) }
    /// Whether a commit failed, so that no further write is taken.
    package var isStopped: Bool { state.withLock(\.isStopped) }
    /// What is stored now.
    package var books: MemoryBooks { state.withLock(\.books) }

    /// Makes the next commit fail, or the one behind so many; nothing of it is stored and the store stops.
    package func failNextCommit(after commits: Int = 0) {
        state.withLock { $0.failingCommit = $0.commits + commits }
    }

    /// Changes what is stored without any rule, as a bit that flips on a disk does.
    package func tamper(_ change: @Sendable (inout MemoryBooks) -> Void) {
        state.withLock { change(&$0.books) }
    }

    package func write<Outcome: Sendable>(
        _ durability: Durability,
        _ body: @escaping @Sendable (inout MemoryTransaction) throws -> Outcome,
    ) async throws -> Outcome {
        do {
            return try state.withLock { state in try MemoryStore.commit(body, to: &state) }
        } catch let refusal as RefusedRow {
            let failure = StoreError.commitFailed(refusal.reason)
            onFailure(failure)
            throw failure
        }
    }

    package func read<Outcome: Sendable>(
        _ body: @escaping @Sendable (inout MemoryTransaction) throws -> Outcome
    ) async throws -> Outcome {
        var transaction = MemoryTransaction(books, mayWrite: false)
        return try body(&transaction)
    }

    private static func commit<Outcome>(
        _ body: (inout MemoryTransaction) throws -> Outcome,
        to state: inout State,
    ) throws -> Outcome {
        guard !state.isStopped else { throw StoreError.stopped }
        var transaction = MemoryTransaction(state.books, mayWrite: true)
        do {
            let outcome = try body(&transaction)
            if state.failingCommit == state.commits { throw RefusedRow("the test asked for it") }
            try transaction.checkRows()
            state.books = transaction.books
            state.commits += 1
            return outcome
        } catch let refusal as RefusedRow {
            state.isStopped = true
            throw refusal
        } catch {
            precondition(
                transaction.writeCount == 0,
                "a write checks everything before its first write, this one threw after it: \(error)",
            )
            throw error
        }
    }
}

/// A row that a database would not take.
struct RefusedRow: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}
