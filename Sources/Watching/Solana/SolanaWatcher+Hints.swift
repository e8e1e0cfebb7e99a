import ChainFormats
import Deposits
import Primitives

/// What witnesses list, and the node has to have, all the same.
extension SolanaWatcher {
    /// What a witness lists of an address and the node does not.
    struct ListedHint {
        let address: SolanaKey
        let hint: Hint<String>
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

    /// Remembers hints before a safe point passes them: what it has passed, no witness is asked for again.
    func keep(_ hints: [ListedHint]) async throws {
        for listed in hints where isOpen(listed) {
            try await unread.keep(listed.hint.transaction, listedBy: listed.hint.nodes)
        }
    }

    /// Reads what witnesses list and the node does not; it moves no safe point.
    ///
    /// Where some of a witness's have come to nothing at this look, its others are remembered unasked. What there
    /// is no room for is asked for again as long as it is listed, some at a look.
    func follow(
        _ hints: [ListedHint],
        after failure: RPCFailure?,
        _ outcomes: inout [DepositOutcome],
    ) async throws {
        var tries = HintTries(ofEach: watching.hintsAgain)
        tries.outage = failure.flatMap { $0.isOfOneThing ? nil : $0 }
        for listed in inTurn(hints) {
            let (signature, nodes) = (listed.hint.transaction, listed.hint.nodes)
            guard tries.areLeft(to: nodes) else {
                let isKept = try await unread.keep(signature, listedBy: nodes)
                if isKept { hinted.insert(signature, of: listed.address) }
                continue
            }
            let isAsked = tries.outage == nil
            let followed = try await unread.follow(signature, listedBy: nodes, &tries.outage) {
                () async throws(RPCFailure) in
                try await reading(of: signature, .finalized).get()
            }
            if case .left = followed {
                if isAsked { crowded.insert(signature, of: listed.address) }
            } else {
                hinted.insert(signature, of: listed.address)
            }
            guard case .read(let observed) = followed else {
                tries.note(nodes)
                continue
            }
            if observed.isEmpty { tries.note(nodes) }
            outcomes += try await book(observed)
            try await unread.forget(signature)
        }
    }

    /// What was neither read nor remembered before; what had its turn in this round is last.
    private func inTurn(_ hints: [ListedHint]) -> [ListedHint] {
        let open = hints.filter(isOpen)
        let isLate = { (listed: ListedHint) in
            crowded.contains(listed.hint.transaction, of: listed.address)
        }
        let (first, last) = (open.filter { !isLate($0) }, open.filter(isLate))
        // All had their turn, and the next round begins.
        if first.isEmpty { for listed in last { crowded.keep([], of: listed.address) } }
        return first + last
    }

    /// Whether it was neither read nor remembered before.
    private func isOpen(_ listed: ListedHint) -> Bool {
        ![done, hinted].contains { $0.contains(listed.hint.transaction, of: listed.address) }
    }

    private func book(_ observed: [ObservedDeposit]) async throws -> [DepositOutcome] {
        guard !observed.isEmpty else { return [] }
        let now = now()
        return try await store.write(.durable) { transaction in
            try observed.map { try transaction.observe($0, at: now) }
        }.filter { !$0.newSteps.isEmpty }
    }
}
