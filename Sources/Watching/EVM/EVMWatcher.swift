package import ChainFormats
package import Deposits
package import Primitives

/// What the watching of one EVM chain is told by the operator.
package struct EVMWatching: Hashable, Sendable {
    package var treasury: EVMTreasury
    package var finality: EVMFinality
    /// The first block that is read, where none was read before; `nil` begins with the last final one.
    package var firstBlock: Int64?
    /// How many blocks are asked for at once; nodes refuse more than they like.
    package var blocksAtOnce: Int64 = 1000
    /// How many blocks below the last final one are looked at again: finality can be a node's lie.
    package var blocksAgain: Int64 = 64
    /// How many nodes have to say the same of a receipt and its block, the first one among them.
    package var quorum = 1
    /// How many transactions of each witness's list are looked at that the first node does not list.
    package var hintsAtOnce = 1000

    package init(_ treasury: EVMTreasury, finality: EVMFinality) {
        self.treasury = treasury
        self.finality = finality
    }
}

/// Finds the deposits of one EVM chain, and follows them until the chain will not take them back.
///
/// Where it reads on is written with what it has read, in one transaction. Nothing that a node answers is
/// believed unless the block that it names is the chain's: receipts come before their blocks do.
package struct EVMWatcher<Node: JSONRPC, Storage: Store>: Sendable
where Storage.Transaction: DepositWatchTransaction {
    private let watching: EVMWatching
    private let node: EVMNode<Node>
    private let witnesses: [Witness<EVMNode<Node>>]
    private let unread: UnreadTransactions<Storage>
    private let store: Storage
    private let now: @Sendable () -> Timestamp

    /// The first node is asked for everything, the others for what they list and what they say of blocks.
    package init(
        _ watching: EVMWatching,
        nodes: [Node],
        unread: UnreadTransactions<Storage>,
        store: Storage,
        now: @escaping @Sendable () -> Timestamp,
    ) {
        precondition(!nodes.isEmpty, "a chain is watched through a node")
        self.watching = watching
        node = EVMNode(nodes[0])
        witnesses = Witness.all(of: nodes.map(EVMNode.init))
        self.unread = unread
        self.store = store
        self.now = now
    }

    private var chain: String { watching.treasury.chain }

    /// Reads what is new, once, and adds what became of deposits.
    ///
    /// - Throws: ``RPCFailure``, after which what was read is written, and in `outcomes`; `StoreError`.
    package func look(_ outcomes: inout [DepositOutcome]) async throws {
        try await node.requireChain(watching.treasury.chainID)
        let final = try await node.lastFinal(watching.finality)
        try await readFinal(upTo: final, &outcomes)
        try await finishSeen(upTo: final, &outcomes)
        try await lookAgain(after: final - watching.blocksAgain, &outcomes)
        try await readNew(after: final, &outcomes)
        try await unread.tryAgain(&outcomes) { try await read($0, upTo: final) }
    }

    // MARK: What is final

    private func readFinal(upTo last: Int64, _ outcomes: inout [DepositOutcome]) async throws {
        let source = "blocks/\(chain)"
        let stored = try await store.read { try $0.cursor(of: source) }
        // Some are read again each time: a node may have told less than there is.
        let resumed = stored.flatMap { Int64($0) }.map { $0 - watching.blocksAgain }
        let first = watching.firstBlock ?? 0
        var next = max(0, resumed.map { max($0, first) } ?? watching.firstBlock ?? last)
        var witnesses = witnesses
        if next <= last {
            let id = watching.treasury.chainID
            await witnesses.ask { try await $0.node.requireChain(id) }
        }
        while next <= last {
            let (listed, blocks) = try await transfers(
                in: next...min(last, next + watching.blocksAtOnce - 1)
            )
            let hints = await hints(of: &witnesses, in: blocks, beside: listed)
            let observed =
                try await finalObservations(of: listed, in: blocks)
                + observations(ofEach: hints, in: blocks)
            let now = now()
            outcomes += try await store.write(.durable) { transaction in
                let outcomes = try observed.map { try transaction.observe($0, at: now) }
                try transaction.setCursor("\(blocks.upperBound + 1)", of: source)
                return outcomes
            }.filter { !$0.newSteps.isEmpty }
            next = blocks.upperBound + 1
        }
    }

    /// What the node lists in some blocks, or in as many of them as it lists at once.
    private func transfers(
        in blocks: ClosedRange<Int64>
    ) async throws(RPCFailure) -> (listed: [EVMWord], blocks: ClosedRange<Int64>) {
        var blocks = blocks
        while true {
            do {
                return (try await node.transfers(to: watching.treasury, in: blocks), blocks)
            } catch {
                guard error.mayBeTooMuch, blocks.count > 1 else { throw error }
                blocks = blocks.lowerBound...(blocks.lowerBound + Int64(blocks.count) / 2 - 1)
            }
        }
    }

    /// The deposits in transactions that the node lists: nothing yet in one that can not be read by itself,
    /// which is remembered, for anybody can make one.
    private func finalObservations(
        of listed: [EVMWord],
        in blocks: ClosedRange<Int64>,
    ) async throws -> [ObservedDeposit] {
        do throws(RPCFailure) {
            return try await observations(of: listed, in: blocks, areFinal: true)
        } catch {
            guard !error.mayPass else { throw error }
            let own = listed.map { Hint(transaction: $0, nodes: [UnreadTransaction.firstNode]) }
            return try await observations(ofEach: own, in: blocks)
        }
    }

    /// What the witnesses list in some blocks and the node does not, each once.
    ///
    /// A witness that can not be asked has nothing to say, and is not asked again at this look.
    private func hints(
        of witnesses: inout [Witness<EVMNode<Node>>],
        in blocks: ClosedRange<Int64>,
        beside listed: [EVMWord],
    ) async -> [Hint<EVMWord>] {
        let treasury = watching.treasury
        let lists = await witnesses.ask { try await $0.node.transfers(to: treasury, in: blocks) }
        let (known, limit) = (Set(listed), watching.hintsAtOnce)
        return Hint.all(
            zip(witnesses, lists).map { witness, list in
                (witness.number, Array(list.filter { !known.contains($0) }.prefix(limit)))
            }
        )
    }

    /// The deposits in transactions, one by one: nothing yet in one that the node can not tell, or that too
    /// few confirm, which is remembered.
    private func observations(
        ofEach listed: [Hint<EVMWord>],
        in blocks: ClosedRange<Int64>,
    ) async throws -> [ObservedDeposit] {
        var observed: [ObservedDeposit] = []
        for one in listed {
            do throws(RPCFailure) {
                observed += try await observations(
                    of: [one.transaction],
                    in: blocks,
                    areFinal: true,
                )
            } catch {
                guard error.isOfOneThing else { throw error }
                try await unread.remember("\(one.transaction)", error, listedBy: one.nodes)
            }
        }
        return observed
    }

    /// Reads a transaction that could not be read before.
    private func read(_ name: String, upTo last: Int64) async throws -> [DepositOutcome] {
        guard let transaction = EVMWord(name) else { return [] }
        let observed = try await observations(
            of: [transaction],
            in: 0...max(0, last),
            areFinal: true,
        )
        let now = now()
        return try await store.write(.durable) { transaction in
            try observed.map { try transaction.observe($0, at: now) }
        }.filter { !$0.newSteps.isEmpty }
    }

    /// The deposits in transactions that stand in some blocks, as the chain has them.
    private func observations(
        of transactions: [EVMWord],
        in blocks: ClosedRange<Int64>,
        areFinal: Bool,
    ) async throws(RPCFailure) -> [ObservedDeposit] {
        var observed: [ObservedDeposit] = []
        for transaction in transactions {
            guard let receipt = try await node.receipt(of: transaction) else {
                throw .missing("the receipt of \(transaction)")
            }
            guard blocks.contains(receipt.block) else {
                throw .inconsistent("\(transaction) moved while it was read")
            }
            try await requireCanonical(receipt, byQuorum: areFinal)
            observed += observations(of: receipt, isFinal: areFinal)
        }
        return observed
    }

    private func observations(of receipt: EVMReceipt, isFinal: Bool) -> [ObservedDeposit] {
        guard
            let block = BlockReference(number: receipt.block, hash: "\(receipt.blockHash)")
        else { return [] }
        return EVMDeposits.events(in: receipt, at: watching.treasury).compactMap { event, deposit in
            DepositID(chain: chain, transaction: "\(receipt.transaction)", event: event).map {
                ObservedDeposit(id: $0, event: deposit, block: block, isFinal: isFinal)
            }
        }
    }

    /// A node may answer with a receipt of a block that never came to be.
    private func requireCanonical(
        _ receipt: EVMReceipt,
        byQuorum: Bool,
    ) async throws(RPCFailure) {
        let quorum = byQuorum ? watching.quorum : 1
        let others = witnesses.map(\.node)
        let agreed = try await node.agreement(on: receipt, with: others, upTo: quorum)
        guard agreed > 0 else {
            throw .inconsistent("\(receipt.transaction) is in a block that is not the chain's")
        }
        guard agreed >= quorum else {
            throw .inconsistent("\(agreed) of \(quorum) nodes tell \(receipt.transaction) so")
        }
    }

    /// Reads what was seen once, and stands in a final block by now, though no list of logs had it.
    private func finishSeen(upTo last: Int64, _ outcomes: inout [DepositOutcome]) async throws {
        for deposit in try await store.deposits(on: chain, in: .seen) {
            guard let block = deposit.block, block.number <= last,
                let hash = EVMWord(deposit.id.transaction)
            else { continue }
            outcomes += try await finished(hash)
        }
    }

    /// One that can not be read now is tried again at the next look.
    private func finished(_ transaction: EVMWord) async throws -> [DepositOutcome] {
        do {
            guard case .deposits(let found) = try await claim(transaction) else { return [] }
            return found.filter { !$0.newSteps.isEmpty }
        } catch let failure as RPCFailure where failure.isOfOneThing {
            return []
        }
    }

    // MARK: What may be taken back

    /// Looks whether what is in the books still stands in its block.
    private func lookAgain(after block: Int64, _ outcomes: inout [DepositOutcome]) async throws {
        let chain = chain
        let recent = try await store.read { try $0.deposits(on: chain, after: block) }
        var canonical: [Int64: EVMWord?] = [:]
        for deposit in recent {
            guard let block = deposit.block else { continue }
            if canonical[block.number] == nil {
                canonical[block.number] = .some(try await node.block(block.number)?.hash)
            }
            // A node that has no such block is behind, and knows nothing of it.
            guard let hash = canonical[block.number] ?? nil, hash.description != block.hash,
                await isReplaced(block)
            else { continue }
            let now = now()
            let outcome = try await store.write(.durable) {
                try $0.dropped(deposit.id, from: block, at: now)
            }
            if let outcome, !outcome.newSteps.isEmpty { outcomes.append(outcome) }
        }
    }

    /// Whether enough nodes have another block in its place; the first one has.
    private func isReplaced(_ block: BlockReference) async -> Bool {
        var agreed = 1
        for witness in witnesses where agreed < watching.quorum {
            // One that can not be asked, or is behind, does not agree.
            let other = try? await witness.node.block(block.number)
            if let other, "\(other.hash)" != block.hash { agreed += 1 }
        }
        return agreed >= watching.quorum
    }

    private func readNew(after final: Int64, _ outcomes: inout [DepositOutcome]) async throws {
        let newest = try await node.newestBlock()
        guard newest > final else { return }
        let first = max(final + 1, newest - watching.blocksAtOnce + 1)
        let blocks = max(0, first)...newest
        let listed = try await node.transfers(to: watching.treasury, in: blocks)
        let observed = try await observations(of: listed, in: blocks, areFinal: false)
        guard !observed.isEmpty else { return }
        let now = now()
        outcomes += try await store.write(.durable) { transaction in
            try observed.map { try transaction.observe($0, at: now) }
        }.filter { !$0.newSteps.isEmpty }
    }

    // MARK: One transaction

    /// Reads one transaction at once, because somebody says that it holds a deposit.
    ///
    /// - Throws: ``RPCFailure``, `StoreError`.
    package func claim(_ transaction: EVMWord) async throws -> DepositClaim {
        try await node.requireChain(watching.treasury.chainID)
        let final = try await node.lastFinal(watching.finality)
        guard let receipt = try await node.receipt(of: transaction) else { return .notFound }
        try await requireCanonical(receipt, byQuorum: receipt.block <= final)
        let observed = observations(of: receipt, isFinal: receipt.block <= final)
        guard !observed.isEmpty else { return .noDeposit }
        let now = now()
        let outcomes = try await store.write(.durable) { transaction in
            try observed.map { try transaction.observe($0, at: now) }
        }
        return .deposits(outcomes)
    }
}
