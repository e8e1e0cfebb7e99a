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
    /// What can not be read and there is no room for is asked for again as long as it is listed, some at a look.
    func follow(
        _ hints: [ListedHint],
        after failure: RPCFailure?,
        _ outcomes: inout [DepositOutcome],
    ) async throws {
        var outage = failure.flatMap { $0.isOfOneThing ? nil : $0 }
        var left: [Int: Int] = [:]
        for listed in inTurn(hints) {
            let (signature, nodes) = (listed.hint.transaction, listed.hint.nodes)
            guard nodes.contains(where: { left[$0, default: 0] < watching.hintsAgain }) else {
                continue
            }
            let isAsked = outage == nil
            let followed = try await unread.follow(signature, listedBy: nodes, &outage) {
                () async throws(RPCFailure) in
                try await reading(of: signature, .finalized).get()
            }
            switch followed {
            case .left:
                guard isAsked else { continue }
                for node in nodes { left[node, default: 0] += 1 }
                crowded.insert(signature, of: listed.address)
            case .remembered: hinted.insert(signature, of: listed.address)
            case .read(let observed):
                hinted.insert(signature, of: listed.address)
                outcomes += try await book(observed)
                try await unread.forget(signature)
            }
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
