package import ChainFormats
import Deposits
import Primitives

/// Transactions one by one, as the chain has them.
extension EVMWatcher {
    /// Reads a transaction that could not be read before.
    func read(_ name: String, upTo last: Int64) async throws -> [DepositOutcome] {
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
    func observations(
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
    ///
    /// A witness that was silent is asked of no other receipt at this look.
    ///
    /// - Throws: ``RPCFailure/disputed(_:)`` where too few agree of those that were asked for, and
    ///   ``RPCFailure/noQuorum(_:)`` where they may yet: too few answer.
    private func requireCanonical(
        _ receipt: EVMReceipt,
        byQuorum: Bool,
    ) async throws(RPCFailure) {
        let quorum = byQuorum ? watching.quorum : 1
        let others = silent.without(witnesses)
        let told = try await node.agreement(
            on: receipt,
            with: others.map(\.node),
            upTo: quorum,
        )
        silent.note(told.silent.map { others[$0].number })
        guard told.agreed > 0 else {
            throw .inconsistent("\(receipt.transaction) is in a block that is not the chain's")
        }
        guard told.agreed < quorum else { return }
        let sentence = "\(told.agreed) of \(quorum) nodes tell \(receipt.transaction) so"
        guard told.answered >= quorum else { throw .noQuorum(sentence) }
        throw .disputed(sentence)
    }

    /// Reads one transaction at once, because somebody says that it holds a deposit.
    ///
    /// - Throws: ``RPCFailure``, `StoreError`.
    package func claim(_ transaction: EVMWord) async throws -> DepositClaim {
        // Nobody else is asked where the first node's word is enough.
        let watcher = try await onItsChain(beside: watching.quorum > 1 ? witnesses : [])
        return try await watcher.claim(transaction, upTo: try await watcher.lastFinal())
    }

    /// Reads one transaction at once; what stands in a block after `final` may be taken back yet.
    func claim(_ transaction: EVMWord, upTo final: Int64) async throws -> DepositClaim {
        guard let receipt = try await node.receipt(of: transaction) else { return .notFound }
        guard receipt.block >= (try await firstBlock()) else { return .tooEarly }
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
