import ChainFormats
import Deposits
import Primitives

/// What is final, by the histories of the node.
extension SolanaWatcher {
    /// Reads what is new of an address, and adds what is left to do to `left`.
    ///
    /// A node that does not know the safe point any more may have forgotten what came after it, too: what it lists
    /// is read, and the safe point stays, for a node that has more.
    func readHistory(
        of address: SolanaKey,
        beside witnesses: inout [Witness<SolanaNode<Node>>],
        _ left: inout LeftOver,
        _ outcomes: inout [DepositOutcome],
    ) async throws {
        let source = "history/\(treasury.chain)/\(address)"
        let safe = try await store.read { try $0.cursor(of: source) }
        let hints = await hints(of: &witnesses, for: address, after: safe)
        let history = try await history(of: address, after: safe, .finalized)
        let own = Set(history.map(\.signature))
        let open = hints.filter { !own.contains($0.transaction) }.map {
            ListedHint(address: address, hint: $0)
        }
        left.hints += open
        var moves = movesSafePoint(history)
        if moves { try await keep(open) }
        if moves, let safe, try await node.slots(of: [safe])[0] == nil {
            moves = false
            left.gap = .missing("\(safe), behind which \(address) is read on")
        }
        let place = moves ? source : nil
        try await readFinal(history, of: address, movingTo: place, beside: hints, &outcomes)
        let last = history.last?.signature ?? safe
        try await readConfirmed(of: address, after: last, &outcomes)
    }

    /// Reads what is final after the safe point, except what it has read before; moves the safe point that is kept
    /// as `source`, where there is one.
    private func readFinal(
        _ history: [SolanaNode<Node>.Listed],
        of address: SolanaKey,
        movingTo source: String?,
        beside hints: [Hint<String>],
        _ outcomes: inout [DepositOutcome],
    ) async throws {
        var behind = history[...]
        for listed in history {
            var safe: String?
            while source != nil, let first = behind.first, isSafe(first, behind: listed) {
                safe = first.signature
                behind.removeFirst()
            }
            let isDone = listed.hasFailed || done.contains(listed.signature, of: address)
            let observed = isDone ? [] : try await finalObservations(of: listed.signature)
            let (place, now) = (safe, now())
            if place != nil || !observed.isEmpty {
                outcomes += try await store.write(.durable) { transaction in
                    let outcomes = try observed.map { try transaction.observe($0, at: now) }
                    if let place, let source { try transaction.setCursor(place, of: source) }
                    return outcomes
                }.filter { !$0.newSteps.isEmpty }
            }
            done.insert(listed.signature, of: address)
        }
        done.keep(behind.map(\.signature) + hints.map(\.transaction), of: address)
        hinted.keep(hints.map(\.transaction), of: address)
        crowded.keep(hints.map(\.transaction), of: address)
    }

    /// Whether a transaction is so far behind another one that no list leaves out any more what is before it.
    private func isSafe(
        _ listed: SolanaNode<Node>.Listed,
        behind other: SolanaNode<Node>.Listed,
    ) -> Bool {
        listed.slot <= other.slot - watching.slotsAgain
    }

    private func movesSafePoint(_ history: [SolanaNode<Node>.Listed]) -> Bool {
        guard let first = history.first, let last = history.last else { return false }
        return isSafe(first, behind: last)
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
