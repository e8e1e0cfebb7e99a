import ChainFormats
import Deposits
import Primitives

/// What is final, by the histories of the node and the hints of witnesses.
extension SolanaWatcher {
    /// Reads what is final after the safe point, except what it has read before.
    ///
    /// - Returns: the last transaction that is final.
    func readFinal(
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
    func hints(
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
        let observed: [ObservedDeposit]
        switch try await reading(of: signature, .finalized) {
        case .success(let read): observed = read
        case .failure(let failure):
            // Without room for it, it is read again as long as it is listed.
            guard try await unread.remember(signature, failure, listedBy: hint.nodes) else {
                return []
            }
            observed = []
        }
        hinted.insert(signature, of: address)
        guard !observed.isEmpty else { return [] }
        let now = now()
        return try await store.write(.durable) { transaction in
            try observed.map { try transaction.observe($0, at: now) }
        }.filter { !$0.newSteps.isEmpty }
    }

    /// What is in a final transaction: nothing yet where it can not be read, which is remembered.
    private func finalObservations(of signature: String) async throws -> [ObservedDeposit] {
        switch try await reading(of: signature, .finalized) {
        case .success(let observed): return observed
        case .failure(let failure):
            try await unread.remember(signature, failure)
            return []
        }
    }

    /// All transactions of an address after one, the oldest first.
    ///
    /// To an empty page: a node may give fewer than it was asked for, and what it left out is older. By
    /// their slots: where a page is in another order, what it tells first is not all that is behind it.
    func history(
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
}
