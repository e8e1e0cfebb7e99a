import ChainFormats
import Deposits
import Primitives

/// What witnesses list, and the node has to have, all the same.
extension EVMWatcher {
    /// What the witnesses list in some blocks and the node does not, each once.
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
        return Hint.all(
            zip(witnesses, lists).map { witness, list in
                (witness.number, Array(list.filter { !known.contains($0) }.prefix(limit)))
            }
        )
    }

    /// Reads what witnesses list, or remembers it; what is remembered is left to its own tries.
    ///
    /// Where some of a witness's have come to nothing at this look, its others are remembered unasked. One that
    /// there is no room for is met again as long as it is listed.
    func follow(
        _ hints: [Hint<EVMWord>],
        in blocks: ClosedRange<Int64>,
        _ tries: inout HintTries,
        _ outcomes: inout [DepositOutcome],
    ) async throws {
        let known = try await remembered(hints)
        for hint in hints where !known.contains(hint.transaction) {
            let name = "\(hint.transaction)"
            guard tries.areLeft(to: hint.nodes) else {
                try await unread.keep(name, listedBy: hint.nodes)
                continue
            }
            let followed = try await unread.follow(name, listedBy: hint.nodes, &tries.outage) {
                () async throws(RPCFailure) in
                try await observations(of: [hint.transaction], in: blocks, areFinal: true)
            }
            if case .read(let observed) = followed, !observed.isEmpty {
                outcomes += try await book(observed)
            } else {
                tries.note(hint.nodes)
            }
        }
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
