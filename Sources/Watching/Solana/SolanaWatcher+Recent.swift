import ChainFormats
import Deposits
import Primitives

/// What is not final, and what its fork has lost.
extension SolanaWatcher {
    func readConfirmed(
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

    /// Reads what was seen and is final by now, though no history had it, and drops what was seen on a fork
    /// that the chain has left.
    func finishSeen(_ outcomes: inout [DepositOutcome]) async throws {
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
}
