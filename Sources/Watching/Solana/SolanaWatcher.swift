package import ChainFormats
package import Deposits
package import Primitives

/// What the watching of one Solana network is told by the operator.
package struct SolanaWatching: Hashable, Sendable {
    package var treasury: SolanaTreasury
    /// What names the network; `nil` takes any.
    package var genesis: String?
    /// How many slots after it was seen last a transaction is given up that never became final: more
    /// than its blockhash lives.
    package var slotsUntilLost: Int64 = 300
    /// How many slots before its last final transaction a history is listed again; some ten minutes.
    ///
    /// A list may leave out at first what it has later.
    package var slotsAgain: Int64 = 1500

    package init(_ treasury: SolanaTreasury, genesis: String?) {
        self.treasury = treasury
        self.genesis = genesis
    }
}

/// Finds the deposits of one Solana network.
///
/// What happened is what the histories of the treasury's addresses list; a subscription only tells when
/// to look. Each history is read from a safe point, the oldest first: a transaction that is far enough behind
/// the last one that was read, so that no list leaves out any more what is before it. The safe point is
/// written with what was read, in one transaction; what was read behind it is in memory, and is read once
/// more after a start.
package struct SolanaWatcher<Node: JSONRPC, Storage: Store>: Sendable
where Storage.Transaction: DepositWatchTransaction {
    private let watching: SolanaWatching
    private let node: SolanaNode<Node>
    private let witnesses: [Witness<SolanaNode<Node>>]
    private let unread: UnreadTransactions<Storage>
    private let done = ReadSignatures()
    /// What was read because a witness lists it; the first node, once it lists it, is believed anew.
    private let hinted = ReadSignatures()
    private let store: Storage
    private let now: @Sendable () -> Timestamp

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

    private var treasury: SolanaTreasury { watching.treasury }

    /// Reads what is new, once, and adds what became of deposits.
    ///
    /// - Throws: ``RPCFailure``, after which what was read is written, and in `outcomes`; `StoreError`.
    package func look(_ outcomes: inout [DepositOutcome]) async throws {
        if let genesis = watching.genesis { try await node.requireGenesis(genesis) }
        var witnesses = witnesses
        if let genesis = watching.genesis {
            await witnesses.ask { try await $0.node.requireGenesis(genesis) }
        }
        for address in treasury.watched {
            let source = "history/\(treasury.chain)/\(address)"
            let safe = try await store.read { try $0.cursor(of: source) }
            let hints = await hints(of: &witnesses, for: address, after: safe)
            let last = try await readFinal(of: address, after: safe, source, hints, &outcomes)
            try await readConfirmed(of: address, after: last, &outcomes)
        }
        try await finishSeen(&outcomes)
        try await unread.tryAgain(&outcomes) { try await read($0) }
    }

    /// Reads what is final after the safe point, except what it has read before.
    ///
    /// - Returns: the last transaction that is final.
    private func readFinal(
        of address: SolanaKey,
        after safe: String?,
        _ source: String,
        _ hints: [Hint<String>],
        _ outcomes: inout [DepositOutcome],
    ) async throws -> String? {
        let history = try await history(of: address, after: safe, .finalized)
        var behind = history[...]
        for listed in history {
            var safe: String?
            while let first = behind.first, first.slot <= listed.slot - watching.slotsAgain {
                safe = first.signature
                behind.removeFirst()
            }
            let isDone = listed.hasFailed || done.contains(listed.signature, of: address)
            let observed = isDone ? [] : try await finalObservations(of: listed.signature)
            let (place, now) = (safe, now())
            if place != nil || !observed.isEmpty {
                outcomes += try await store.write(.durable) { transaction in
                    let outcomes = try observed.map { try transaction.observe($0, at: now) }
                    if let place { try transaction.setCursor(place, of: source) }
                    return outcomes
                }.filter { !$0.newSteps.isEmpty }
            }
            done.insert(listed.signature, of: address)
        }
        let own = Set(history.map(\.signature))
        for hint in hints where !own.contains(hint.transaction) {
            outcomes += try await readHinted(hint, of: address)
        }
        done.keep(behind.map(\.signature) + hints.map(\.transaction), of: address)
        hinted.keep(hints.map(\.transaction), of: address)
        return history.last?.signature ?? safe
    }

    /// What the witnesses list after the safe point: the newest page of each.
    ///
    /// A witness that can not be asked has nothing to say, and is not asked again at this look.
    private func hints(
        of witnesses: inout [Witness<SolanaNode<Node>>],
        for address: SolanaKey,
        after safe: String?,
    ) async -> [Hint<String>] {
        let lists = await witnesses.ask { witness in
            try await witness.node.history(of: address, before: nil, until: safe, .finalized)
        }
        return Hint.all(
            zip(witnesses, lists).map { witness, list in
                // That one has failed, a witness does not decide.
                (witness.number, list.reversed().filter { !$0.hasFailed }.map(\.signature))
            }
        )
    }

    /// Reads what a witness lists and the node does not; it moves no safe point.
    private func readHinted(
        _ hint: Hint<String>,
        of address: SolanaKey,
    ) async throws -> [DepositOutcome] {
        let signature = hint.transaction
        guard !done.contains(signature, of: address), !hinted.contains(signature, of: address)
        else { return [] }
        let observed = try await finalObservations(of: signature, listedBy: hint.nodes)
        let now = now()
        hinted.insert(signature, of: address)
        guard !observed.isEmpty else { return [] }
        return try await store.write(.durable) { transaction in
            try observed.map { try transaction.observe($0, at: now) }
        }.filter { !$0.newSteps.isEmpty }
    }

    /// What is in a final transaction: nothing yet where it can not be read, which is remembered.
    private func finalObservations(
        of signature: String,
        listedBy nodes: [Int] = [UnreadTransaction.firstNode],
    ) async throws -> [ObservedDeposit] {
        switch try await reading(of: signature, .finalized) {
        case .success(let observed): return observed
        case .failure(let failure):
            try await unread.remember(signature, failure, listedBy: nodes)
            return []
        }
    }

    private func readConfirmed(
        of address: SolanaKey,
        after cursor: String?,
        _ outcomes: inout [DepositOutcome],
    ) async throws {
        for listed in try await history(of: address, after: cursor, .confirmed)
        where !listed.hasFailed {
            // One that can not be read is met again once it is final.
            guard
                case .success(let observed) = try await reading(of: listed.signature, .confirmed),
                !observed.isEmpty
            else { continue }
            let now = now()
            outcomes += try await store.write(.durable) { transaction in
                try observed.map { try transaction.observe($0, at: now) }
            }.filter { !$0.newSteps.isEmpty }
        }
    }

    /// All transactions of an address after one, the oldest first.
    ///
    /// To an empty page: a node may give fewer than it was asked for, and what it left out is older. By
    /// their slots: where a page is in another order, what it tells first is not all that is behind it.
    private func history(
        of address: SolanaKey,
        after cursor: String?,
        _ commitment: SolanaCommitment,
    ) async throws(RPCFailure) -> [SolanaNode<Node>.Listed] {
        var (listed, places) = ([SolanaNode<Node>.Listed](), Set<String>())
        while true {
            let page = try await node.history(
                of: address,
                before: listed.last?.signature,
                until: cursor,
                commitment,
            )
            listed += page
            guard let last = page.last else {
                return listed.reversed().sorted { $0.slot < $1.slot }
            }
            // A node that tells the same page for ever would be read for ever.
            guard places.insert(last.signature).inserted else {
                throw .inconsistent("the history of \(address) repeats itself")
            }
        }
    }

    /// What is in a transaction, or why it alone can not be read.
    private func reading(
        of signature: String,
        _ commitment: SolanaCommitment,
    ) async throws(RPCFailure) -> Result<[ObservedDeposit], RPCFailure> {
        do throws(RPCFailure) {
            return .success(try await observations(of: signature, commitment))
        } catch {
            guard error.isOfOneThing else { throw error }
            return .failure(error)
        }
    }

    private func observations(
        of signature: String,
        _ commitment: SolanaCommitment,
    ) async throws(RPCFailure) -> [ObservedDeposit] {
        guard let landed = try await node.transaction(signature, commitment) else {
            throw .missing(signature)
        }
        return try await observations(of: landed, commitment)
    }

    /// Reads a final transaction that could not be read before.
    private func read(_ signature: String) async throws -> [DepositOutcome] {
        let observed = try await observations(of: signature, .finalized)
        let now = now()
        return try await store.write(.durable) { transaction in
            try observed.map { try transaction.observe($0, at: now) }
        }
    }

    private func observations(
        of landed: LandedTransaction,
        _ commitment: SolanaCommitment,
    ) async throws(RPCFailure) -> [ObservedDeposit] {
        let events = SolanaDeposits.events(in: landed, at: treasury)
        guard !events.isEmpty else { return [] }
        let hash = try await node.blockhash(of: landed.slot, commitment)
        guard let block = BlockReference(number: landed.slot, hash: hash) else {
            throw .malformed(method: "getBlock")
        }
        return events.compactMap { event, deposit in
            DepositID(chain: treasury.chain, transaction: "\(landed.signature)", event: event).map {
                ObservedDeposit(
                    id: $0,
                    event: deposit,
                    block: block,
                    isFinal: commitment == .finalized,
                )
            }
        }
    }

    /// Reads what was seen and is final by now, though no history had it, and drops what was seen on a fork
    /// that the chain has left.
    private func finishSeen(_ outcomes: inout [DepositOutcome]) async throws {
        let seen = try await store.deposits(on: treasury.chain, in: .seen)
        guard !seen.isEmpty else { return }
        let final = try await node.slot(.finalized)
        for deposit in seen {
            guard let block = deposit.block, block.number <= final else { continue }
            if try await node.slots(of: [deposit.id.transaction])[0] != nil {
                outcomes += try await finished(deposit.id.transaction)
                continue
            }
            guard block.number + watching.slotsUntilLost < final else { continue }
            let now = now()
            let outcome = try await store.write(.durable) {
                try $0.dropped(deposit.id, from: block, at: now)
            }
            if let outcome, !outcome.newSteps.isEmpty { outcomes.append(outcome) }
        }
    }

    /// One that can not be read now is tried again at the next look.
    private func finished(_ transaction: String) async throws -> [DepositOutcome] {
        guard let signature = SolanaSignature(transaction) else { return [] }
        do {
            guard case .deposits(let found) = try await claim(signature) else { return [] }
            return found.filter { !$0.newSteps.isEmpty }
        } catch let failure as RPCFailure where failure.isOfOneThing {
            return []
        }
    }

    /// Reads one transaction at once, because somebody says that it holds a deposit.
    ///
    /// - Throws: ``RPCFailure``, `StoreError`.
    package func claim(_ signature: SolanaSignature) async throws -> DepositClaim {
        if let genesis = watching.genesis { try await node.requireGenesis(genesis) }
        for commitment in [SolanaCommitment.finalized, .confirmed] {
            guard let landed = try await node.transaction("\(signature)", commitment) else {
                continue
            }
            let observed = try await observations(of: landed, commitment)
            guard !observed.isEmpty else { return .noDeposit }
            let now = now()
            let outcomes = try await store.write(.durable) { transaction in
                try observed.map { try transaction.observe($0, at: now) }
            }
            return .deposits(outcomes)
        }
        return .notFound
    }
}
