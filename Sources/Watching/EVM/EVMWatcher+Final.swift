import ChainFormats
import Deposits
import Primitives

/// What is final, by the node's lists and the hints of witnesses.
extension EVMWatcher {
    func readFinal(upTo last: Int64, _ outcomes: inout [DepositOutcome]) async throws {
        let source = "blocks/\(chain)"
        let stored = try await store.read { try $0.cursor(of: source) }
        // Some are read again each time: a node may have told less than there is.
        let resumed = stored.flatMap { Int64($0) }.map { $0 - watching.blocksAgain }
        let first = watching.firstBlock ?? 0
        var next = max(0, resumed.map { max($0, first) } ?? watching.firstBlock ?? last)
        var witnesses = witnesses
        if next <= last {
            let id = watching.treasury.chainID
            await witnesses.ask { try await $0.node.requireChain(id) }
        }
        while next <= last {
            let (listed, blocks) = try await transfers(
                in: next...min(last, next + watching.blocksAtOnce - 1)
            )
            let hints = await hints(of: &witnesses, in: blocks, beside: listed)
            let own = listed.map { Hint(transaction: $0, nodes: [UnreadTransaction.firstNode]) }
            let observed =
                try await observations(ofEach: own, in: blocks, behind: \.mayBeLeftBehind)
                + observations(ofEach: hints, in: blocks, behind: \.isOfOneThing)
            let now = now()
            outcomes += try await store.write(.durable) { transaction in
                let outcomes = try observed.map { try transaction.observe($0, at: now) }
                try transaction.setCursor("\(blocks.upperBound + 1)", of: source)
                return outcomes
            }.filter { !$0.newSteps.isEmpty }
            next = blocks.upperBound + 1
        }
    }

    /// What the node lists in some blocks, or in as many of them as it lists at once.
    private func transfers(
        in blocks: ClosedRange<Int64>
    ) async throws(RPCFailure) -> (listed: [EVMWord], blocks: ClosedRange<Int64>) {
        var blocks = blocks
        while true {
            do {
                return (try await node.transfers(to: watching.treasury, in: blocks), blocks)
            } catch {
                guard error.mayBeTooMuch, blocks.count > 1 else { throw error }
                blocks = blocks.lowerBound...(blocks.lowerBound + Int64(blocks.count) / 2 - 1)
            }
        }
    }

    /// What the witnesses list in some blocks and the node does not, each once.
    ///
    /// A witness that can not be asked has nothing to say, and is not asked again at this look.
    private func hints(
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

    /// The deposits in transactions, one by one: nothing yet in one that ends with a failure behind which may
    /// be read on, which is remembered.
    ///
    /// What the node lists itself is waited for while that may help; what witnesses list is not.
    private func observations(
        ofEach listed: [Hint<EVMWord>],
        in blocks: ClosedRange<Int64>,
        behind mayBeLeft: (RPCFailure) -> Bool,
    ) async throws -> [ObservedDeposit] {
        var observed: [ObservedDeposit] = []
        for one in listed {
            do throws(RPCFailure) {
                observed += try await observations(
                    of: [one.transaction],
                    in: blocks,
                    areFinal: true,
                )
            } catch {
                guard mayBeLeft(error) else { throw error }
                try await unread.remember("\(one.transaction)", error, listedBy: one.nodes)
            }
        }
        return observed
    }
}
