package import Deposits
package import Primitives
import Synchronization

/// The transactions of one chain that could not be read: some of them are tried again at each look.
///
/// A source is read on behind them, for one that nobody can read must not hold up the others. None is
/// forgotten before it has been read.
package final class UnreadTransactions<Storage: Store>: Sendable
where Storage.Transaction: DepositWatchTransaction {
    private let chain: String
    private let store: Storage
    private let now: @Sendable () -> Timestamp
    private let tell: @Sendable (UnreadTransaction) -> Void
    /// The name of that which was tried last; each look tries those after it.
    private let place = Mutex<String?>(nil)

    /// How many are tried at one look.
    private static var atOnce: Int { 20 }
    /// How long one that may yet come is waited for before somebody is told.
    private static var patience: Duration { .seconds(60) }

    /// `tell` is called for each once, and again where the process dies in the middle of it.
    package init(
        chain: String,
        store: Storage,
        now: @escaping @Sendable () -> Timestamp,
        tell: @escaping @Sendable (UnreadTransaction) -> Void,
    ) {
        self.chain = chain
        self.store = store
        self.now = now
        self.tell = tell
    }

    /// Remembers that a transaction could not be read; once this returns, its source may be read on.
    ///
    /// - Throws: ``RPCFailure/malformed(method:)`` for what names no transaction; `StoreError`.
    func remember(_ transaction: String, _ failure: RPCFailure) async throws {
        let first = UnreadTransaction(
            chain: chain,
            transaction: transaction,
            since: now(),
            reason: failure.code,
        )
        guard let first else { throw RPCFailure.malformed(method: "its name") }
        let known = try await store.read { try $0.unread(first.transaction, on: first.chain) }
        var unread = known ?? first
        unread.reason = first.reason
        if unread != known { try await save(unread) }
        let isDue = !failure.mayPass || unread.since.advanced(by: Self.patience) <= now()
        guard isDue, !unread.isTold else { return }
        tell(unread)
        unread.isTold = true
        try await save(unread)
    }

    private func save(_ unread: UnreadTransaction) async throws {
        try await store.write(.durable) { try $0.save(unread) }
    }

    /// Tries some again, and adds what became of deposits; what `read` reads without a failure is forgotten.
    ///
    /// - Throws: what `read` throws, except ``RPCFailure`` of the transaction itself; `StoreError`.
    func tryAgain(
        _ outcomes: inout [DepositOutcome],
        _ read: (String) async throws -> [DepositOutcome],
    ) async throws {
        for unread in try await next() {
            do {
                outcomes += try await read(unread.transaction).filter { !$0.newSteps.isEmpty }
            } catch let failure as RPCFailure where failure.isOfOneThing {
                try await remember(unread.transaction, failure)
                continue
            }
            try await store.write(.durable) { try $0.remove(unread) }
        }
    }

    private func next() async throws -> [UnreadTransaction] {
        let (chain, last) = (chain, place.withLock(\.self))
        let page = try await store.read { transaction in
            try transaction.unread(on: chain, after: last, limit: Self.atOnce)
        }
        // Behind the last comes the first.
        place.withLock { $0 = page.count < Self.atOnce ? nil : page.last?.transaction }
        return page
    }
}
