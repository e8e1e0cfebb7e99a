package import Deposits
package import Primitives

/// Finds the deposits of one EVM chain, and follows them until the chain will not take them back.
///
/// Where it reads on is written with what it has read, in one transaction. Nothing that a node answers is
/// believed unless the block that it names is the chain's: receipts come before their blocks do.
package struct EVMWatcher<Node: JSONRPC, Storage: Store>: Sendable
where Storage.Transaction: DepositWatchTransaction {
    let watching: EVMWatching
    let node: EVMNode<Node>
    var witnesses: [Witness<EVMNode<Node>>]
    let unread: UnreadTransactions<Storage>
    let waits = Waits()
    /// Those of this look.
    private(set) var silent = SilentWitnesses()
    let store: Storage
    let now: @Sendable () -> Timestamp
    let tell: @Sendable (EVMLag) -> Void

    /// The first node is asked for everything, the others for what they list and what they say of receipts
    /// and blocks, and of which are final.
    package init(
        _ watching: EVMWatching,
        nodes: [Node],
        unread: UnreadTransactions<Storage>,
        store: Storage,
        now: @escaping @Sendable () -> Timestamp,
        tell: @escaping @Sendable (EVMLag) -> Void = { _ in },
    ) {
        precondition(!nodes.isEmpty, "a chain is watched through a node")
        self.watching = watching
        node = EVMNode(nodes[0])
        witnesses = Witness.all(of: nodes.map(EVMNode.init))
        self.unread = unread
        self.store = store
        self.now = now
        self.tell = tell
    }

    var chain: String { watching.treasury.chain }

    /// Reads what is new, once, and adds what became of deposits.
    ///
    /// - Throws: ``RPCFailure``, after which what was read is written, and in `outcomes`; `StoreError`.
    package func look(_ outcomes: inout [DepositOutcome]) async throws {
        let watcher = try await onItsChain(beside: witnesses)
        try await watcher.begin()
        try await watcher.look(upTo: try await watcher.lastFinal(), &outcomes)
    }

    private func look(upTo final: Int64, _ outcomes: inout [DepositOutcome]) async throws {
        try await tellLag(of: final)
        var failure: RPCFailure?
        do {
            try await readFinal(upTo: final, &outcomes)
            try await finishSeen(upTo: final, &outcomes)
        } catch let found as RPCFailure {
            failure = found
        }
        // In any case: what is not on the chain any more could be spent meanwhile.
        try await lookAgain(upTo: final, &outcomes)
        if let failure { throw failure }
        try await readNew(after: final, &outcomes)
        try await unread.tryAgain(&outcomes) { try await read($0, upTo: final) }
    }

    /// Itself, beside those witnesses alone that answer and are of the chain.
    ///
    /// - Throws: ``RPCFailure`` where the first node does not, or is of another one.
    func onItsChain(
        beside witnesses: [Witness<EVMNode<Node>>]
    ) async throws(RPCFailure) -> EVMWatcher {
        let id = watching.treasury.chainID
        try await node.requireChain(id)
        var watcher = self
        (watcher.witnesses, watcher.silent) = (witnesses, SilentWitnesses())
        await watcher.witnesses.ask { try await $0.node.requireChain(id) }
        return watcher
    }

    /// The last block that as many nodes call final as have to agree.
    func lastFinal() async throws(RPCFailure) -> Int64 {
        let others = witnesses.map(\.node)
        return try await node.lastFinal(watching.finality, with: others, by: watching.quorum)
    }
}
