package import Deposits
package import Primitives

/// Finds the deposits of one Solana network.
///
/// What happened is what the histories of the treasury's addresses list; a subscription only tells when
/// to look. Each history is read from a safe point, the oldest first: a transaction that is far enough behind
/// the last one that was read, so that no list leaves out any more what is before it. The safe point is
/// written with what was read, in one transaction; what was read behind it is in memory, and is read once
/// more after a start.
package struct SolanaWatcher<Node: JSONRPC, Storage: Store>: Sendable
where Storage.Transaction: DepositWatchTransaction {
    let watching: SolanaWatching
    let node: SolanaNode<Node>
    let witnesses: [Witness<SolanaNode<Node>>]
    let unread: UnreadTransactions<Storage>
    let done = ReadSignatures()
    /// What was read, or remembered, because a witness lists it; the first node, once it lists it, is believed
    /// anew.
    let hinted = ReadSignatures()
    /// What there was no room for when it was asked for because a witness lists it: all others have their turn
    /// first.
    let crowded = ReadSignatures()
    let store: Storage
    let now: @Sendable () -> Timestamp

    /// The first node is asked for everything, the others for what they list.
    package init(
        _ watching: SolanaWatching,
        nodes: [Node],
        unread: UnreadTransactions<Storage>,
        store: Storage,
        now: @escaping @Sendable () -> Timestamp,
    ) {
        precondition(!nodes.isEmpty, "a chain is watched through a node")
        self.watching = watching
        node = SolanaNode(nodes[0])
        witnesses = Witness.all(of: nodes.map(SolanaNode.init))
        self.unread = unread
        self.store = store
        self.now = now
    }

    var treasury: SolanaTreasury { watching.treasury }

    /// Reads what is new, once, and adds what became of deposits.
    ///
    /// - Throws: ``RPCFailure``, after which what was read is written, and in `outcomes`; `StoreError`.
    package func look(_ outcomes: inout [DepositOutcome]) async throws {
        if let genesis = watching.genesis { try await node.requireGenesis(genesis) }
        var witnesses = witnesses
        if let genesis = watching.genesis {
            await witnesses.ask { try await $0.node.requireGenesis(genesis) }
        }
        var (left, failure) = (LeftOver(), RPCFailure?.none)
        do {
            for address in treasury.watched {
                try await readHistory(of: address, beside: &witnesses, &left, &outcomes)
            }
            try await finishSeen(&outcomes)
        } catch let found as RPCFailure {
            failure = found
        }
        // After all of the node's own; and in any case, for what a safe point has passed is not listed again.
        try await follow(left.hints, after: failure, &outcomes)
        if let failure { throw failure }
        try await unread.tryAgain(&outcomes) { try await read($0) }
        if let gap = left.gap { throw gap }
    }

    /// What the histories leave to the end of a look.
    struct LeftOver {
        /// What witnesses list and the node does not.
        var hints: [ListedHint] = []
        /// That the node has forgotten where a history is read on: what came between is nowhere.
        var gap: RPCFailure?
    }
}
