import ChainFormats
import Deposits
import Primitives

/// What witnesses list, and the node has to have, all the same.
extension EVMWatcher {
    /// What the witnesses list in some blocks and the node does not, each once, where it has its turn.
    ///
    /// A witness that can not be asked has nothing to say, and is not asked again at this look.
    func hints(
        of witnesses: inout [Witness<EVMNode<Node>>],
        in blocks: ClosedRange<Int64>,
        beside listed: [EVMWord],
    ) async -> [Hint<EVMWord>] {
        let treasury = watching.treasury
        let lists = await witnesses.ask { try await $0.node.transfers(to: treasury, in: blocks) }
        let (known, limit) = (Set(listed), watching.hintsAtOnce)
        let hints = Hint.all(
            zip(witnesses, lists).map { witness, list in
                (witness.number, Array(list.filter { !known.contains($0) }.prefix(limit)))
            }
        )
        return turns.open(hints)
    }

    /// Reads what witnesses list, or remembers it; what has no turn at this look waits for one.
    ///
    /// What is remembered is left to its own tries. A transaction that can not be read and that there is no room
    /// for is asked for again as long as it is listed.
    func follow(
        _ hints: [Hint<EVMWord>],
        in blocks: ClosedRange<Int64>,
        _ tries: inout HintTurns.Tries,
        _ outcomes: inout [DepositOutcome],
    ) async throws {
        let known = try await remembered(hints)
        for hint in hints {
            let transaction = hint.transaction
            guard !known.contains(transaction) else {
                turns.end(transaction)
                continue
            }
            guard tries.areLeft(to: hint.nodes) else {
                turns.wait(hint, atMost: watching.hintsAtOnce)
                continue
            }
            let isAsked = tries.outage == nil
            let followed = try await unread.follow(
                "\(transaction)",
                listedBy: hint.nodes,
                &tries.outage,
            ) { () async throws(RPCFailure) in
                try await observations(of: [transaction], in: blocks, areFinal: true)
            }
            switch followed {
            case .remembered: break
            case .left where !isAsked:
                turns.wait(hint, atMost: watching.hintsAtOnce)
                continue
            case .left: tries.note(hint.nodes)
            case .read(let observed) where observed.isEmpty:
                tries.note(hint.nodes)
                turns.noteEmpty(transaction)
            case .read(let observed): outcomes += try await book(observed)
            }
            turns.end(transaction)
        }
    }

    /// Reads some of what had no turn when it was listed.
    func followWaiting(upTo last: Int64, _ outcomes: inout [DepositOutcome]) async throws {
        let waiting = turns.waiting()
        guard !waiting.isEmpty else { return }
        var tries = HintTurns.Tries(ofEach: watching.hintsAgain)
        try await follow(waiting, in: 0...max(0, last), &tries, &outcomes)
    }

    private func remembered(_ hints: [Hint<EVMWord>]) async throws -> Set<EVMWord> {
        let chain = chain
        return try await store.read { books in
            try Set(
                hints.map(\.transaction).filter { try books.unread("\($0)", on: chain) != nil }
            )
        }
    }
}
