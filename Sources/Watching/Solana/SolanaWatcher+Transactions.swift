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
