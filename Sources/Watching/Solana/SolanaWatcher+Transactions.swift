package import ChainFormats
import Deposits
import Primitives

/// Transactions one by one, as the network has them.
extension SolanaWatcher {
    /// What is in a transaction, or why it alone can not be read.
    func reading(
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
    func read(_ signature: String) async throws -> [DepositOutcome] {
        let observed: [ObservedDeposit]
        do throws(RPCFailure) {
            observed = try await observations(of: signature, .finalized)
        } catch {
            if case .missing = error { try await requireAbsence(of: signature) }
            throw error
        }
        let now = now()
        return try await store.write(.durable) { transaction in
            try observed.map { try transaction.observe($0, at: now) }
        }
    }

    /// Makes sure that the node lacks a transaction that it listed: its history goes back to before it was met, and
    /// has no word of it.
    ///
    /// - Throws: ``RPCFailure/inconsistent(_:)`` where that can not be said; `StoreError`.
    private func requireAbsence(of signature: String) async throws {
        let chain = treasury.chain
        let known = try await store.read { try $0.unread(signature, on: chain) }
        guard let known, !known.isHint else { return }
        let isAbsent: Bool
        do throws(RPCFailure) {
            let slot = try await node.slots(of: [signature])[0]
            let hasHistory = try await node.hasHistory(since: known.since)
            isAbsent = slot == nil && hasHistory
        } catch {
            guard case .refused = error else { throw error }
            isAbsent = false
        }
        guard isAbsent else {
            throw RPCFailure.inconsistent(
                "it listed \(signature), and does not say that it is gone"
            )
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
