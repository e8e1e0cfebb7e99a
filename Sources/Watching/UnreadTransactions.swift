package import Deposits
package import Primitives
import Synchronization

/// The transactions of one chain that could not be read: some of them are tried again at each look.
///
/// A source is read on behind them, for one that nobody can read must not hold up the others. None that the
/// first node has is forgotten before it has been read, and none is kept for ever that it does not have. Of a
/// witness, which may list what there is not, so many are kept and no more.
package final class UnreadTransactions<Storage: Store>: Sendable
where Storage.Transaction: DepositWatchTransaction {
    private struct State {
        /// The name of that which was tried last, of each node's; each look tries those after it.
        ///
        /// It is noted before the try, so that one with which a look ends keeps none behind it from being tried.
        var places: [Int: String] = [:]
        /// Whose hints were tried last.
        var witness = UnreadTransaction.firstNode
        /// The witnesses that list more than is kept, as far as it was told.
        var full: Set<Int> = []
        /// What witnesses list of which nobody was told yet, who should be.
        var due: Set<String> = []
    }

    let chain: String
    let store: Storage
    private let now: @Sendable () -> Timestamp
    private let tell: @Sendable (UnreadNotice) -> Void
    private let state = Mutex(State())

    /// How many are tried at one look: of the first node's, and of one witness's beside them.
    private static var atOnce: Int { 20 }
    /// How long one that may yet come is waited for before somebody is told.
    private static var patience: Duration { .seconds(60) }
    /// How many of each witness are kept.
    private static var mostHints: Int { 1000 }

    /// `tell` is called for each notice once, and again where the process dies in the middle of it: at once
    /// for what the first node lists, and at the end of a look for all that a witness does.
    package init(
        chain: String,
        store: Storage,
        now: @escaping @Sendable () -> Timestamp,
        tell: @escaping @Sendable (UnreadNotice) -> Void,
    ) {
        self.chain = chain
        self.store = store
        self.now = now
        self.tell = tell
    }

    /// Remembers that a transaction could not be read that some nodes list, by their numbers; once this
    /// returns, its source may be read on.
    ///
    /// `failure` is why; `nil` where nobody was asked for it yet.
    ///
    /// One that witnesses alone list is remembered for the first of them that has room.
    ///
    /// - Returns: whether it is remembered: not where none of them has room.
    /// - Throws: ``RPCFailure/malformed(method:)`` for what names no transaction; `StoreError`.
    @discardableResult
    func remember(
        _ transaction: String,
        _ failure: RPCFailure?,
        listedBy nodes: [Int] = [UnreadTransaction.firstNode],
    ) async throws -> Bool {
        let first = UnreadTransaction(
            chain: chain,
            transaction: transaction,
            since: now(),
            reason: failure?.code ?? "not_asked_yet",
        )
        guard let first else { throw RPCFailure.malformed(method: "its name") }
        let known = try await store.read { try $0.unread(first.transaction, on: first.chain) }
        guard let node = try await keeper(of: known, listedBy: nodes) else { return false }
        var unread = known ?? first
        // Whatever was told of hints, of the first node's own somebody is told by name.
        if unread.isHint, node == UnreadTransaction.firstNode { unread = first }
        unread.node = node
        if let failure { unread = unread.after(failure, at: now()) }
        if unread != known { try await save(unread) }
        guard let failure else { return true }
        let isDue = !failure.mayPass || unread.since.advanced(by: Self.patience) <= now()
        guard isDue, !unread.isTold else { return true }
        guard !unread.isHint else {
            state.withLock { _ = $0.due.insert(unread.transaction) }
            return true
        }
        tell(.unreadable(unread))
        unread.isTold = true
        try await save(unread)
        return true
    }

    /// Tells once for each witness of all that it lists and somebody should hear of.
    private func tellOfHints() async throws {
        let (chain, names) = (chain, state.withLock { $0.due.sorted() })
        guard !names.isEmpty else { return }
        let known = try await store.read { transaction in
            try names.compactMap { try transaction.unread($0, on: chain) }
        }
        let hints = Dictionary(grouping: known.filter { $0.isHint && !$0.isTold }, by: \.node)
        for (node, unread) in hints.sorted(by: { $0.key < $1.key }) {
            tell(.unreadableHints(node: node, unread))
        }
        try await store.write(.durable) { transaction in
            for var unread in hints.values.joined() {
                unread.isTold = true
                try transaction.save(unread)
            }
        }
        state.withLock { $0.due.subtract(names) }
    }

    /// Whose one is that some nodes list: the first node's, else whose it was, else that of a witness with
    /// room for it.
    private func keeper(of known: UnreadTransaction?, listedBy nodes: [Int]) async throws -> Int? {
        if nodes.contains(UnreadTransaction.firstNode) { return UnreadTransaction.firstNode }
        if let known { return known.node }
        let chain = chain
        let counts = try await store.read { try $0.unreadCounts(on: chain) }
        let room = nodes.filter { counts[$0, default: 0] < Self.mostHints }
        for node in nodes where !room.contains(node) {
            guard state.withLock({ $0.full.insert(node).inserted }) else { continue }
            tell(.full(node: node))
        }
        return room.first
    }

    private func save(_ unread: UnreadTransaction) async throws {
        try await store.write(.durable) { try $0.save(unread) }
    }

    /// Tries some again, at the end of a look, and adds what became of deposits; what `read` reads without a
    /// failure is forgotten, and what the first node does not have after days.
    ///
    /// - Throws: what `read` throws, except ``RPCFailure`` of the transaction itself, or of a hint; `StoreError`.
    func tryAgain(
        _ outcomes: inout [DepositOutcome],
        _ read: (String) async throws -> [DepositOutcome],
    ) async throws {
        let (own, hints) = try await next()
        let outage = try await tryAgain(own, &outcomes, read)
        _ = try await tryAgain(hints, &outcomes, read)
        try await tellOfHints()
        if let outage { throw outage }
    }

    /// - Returns: what ended the tries before their last, because it is no transaction's own.
    private func tryAgain(
        _ all: [UnreadTransaction],
        _ outcomes: inout [DepositOutcome],
        _ read: (String) async throws -> [DepositOutcome],
    ) async throws -> RPCFailure? {
        for unread in all {
            state.withLock { $0.places[unread.node] = unread.transaction }
            do {
                outcomes += try await read(unread.transaction).filter { !$0.newSteps.isEmpty }
            } catch let failure as RPCFailure {
                if !unread.isGivenUp(after: failure, at: now()) {
                    guard failure.isOfOneThing || unread.isHint else { return failure }
                    try await remember(unread.transaction, failure, listedBy: [unread.node])
                    guard failure.isOfOneThing else { return failure }
                    continue
                }
                tell(.dropped(unread))
            }
            try await store.write(.durable) { try $0.remove(unread) }
        }
        return nil
    }

    /// Some of the first node's, and some of one witness's: each has its turn.
    private func next() async throws -> (own: [UnreadTransaction], hints: [UnreadTransaction]) {
        let chain = chain
        let last = state.withLock(\.witness)
        let nodes = try await store.read { try $0.unreadCounts(on: chain) }.keys.sorted()
        let witnesses = nodes.filter { $0 != UnreadTransaction.firstNode }
        let own = try await next(of: UnreadTransaction.firstNode)
        guard let witness = witnesses.first(where: { $0 > last }) ?? witnesses.first else {
            return (own, [])
        }
        state.withLock { $0.witness = witness }
        return (own, try await next(of: witness))
    }

    private func next(of node: Int) async throws -> [UnreadTransaction] {
        let (chain, last) = (chain, state.withLock { $0.places[node] })
        return try await store.read { transaction in
            let page = try transaction.unread(on: chain, of: node, after: last, limit: Self.atOnce)
            // Behind the last comes the first.
            guard page.isEmpty, last != nil else { return page }
            return try transaction.unread(on: chain, of: node, after: nil, limit: Self.atOnce)
        }
    }
}

/// What an operator should hear of transactions that can not be read.
package enum UnreadNotice: Hashable, Sendable {
    /// There may be money in it, and nobody can tell.
    case unreadable(UnreadTransaction)
    /// The same of what a witness lists and the first node does not: all of one look.
    case unreadableHints(node: Int, [UnreadTransaction])
    /// A witness lists more that the first node does not have than is kept.
    case full(node: Int)
    /// One is given up, after days: the first node does not have it.
    case dropped(UnreadTransaction)
}
