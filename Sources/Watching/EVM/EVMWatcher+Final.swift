import ChainFormats
import Deposits
import Primitives

/// What is final, by the lists of the node.
extension EVMWatcher {
    /// The name under which it is kept where the blocks are read on.
    var source: String { "blocks/\(chain)" }

    func readFinal(upTo last: Int64, _ outcomes: inout [DepositOutcome]) async throws {
        let source = source
        let stored = try await store.read { try $0.cursor(of: source) }
        // Some are read again each time: a node may have told less than there is.
        let resumed = stored.flatMap { Int64($0) }.map { $0 - watching.blocksAgain }
        let first = watching.firstBlock ?? 0
        var next = max(0, resumed.map { max($0, first) } ?? first)
        var (witnesses, tries) = (witnesses, HintTries(ofEach: watching.hintsAgain))
        while next <= last {
            let (listed, blocks) = try await transfers(
                in: next...min(last, next + watching.blocksAtOnce - 1)
            )
            let hints = await hints(of: &witnesses, in: blocks, beside: listed)
            var observed = try await observations(ofEach: listed, in: blocks)
            if !hints.isEmpty {
                // What the node lists itself waits for no hint.
                outcomes += try await book(observed)
                observed = []
                try await follow(hints, in: blocks, &tries, &outcomes)
            }
            next = blocks.upperBound + 1
            outcomes += try await book(observed, readUpTo: next)
        }
    }

    /// Writes what was read, and where the blocks are read on, in one transaction.
    func book(
        _ observed: [ObservedDeposit],
        readUpTo next: Int64? = nil,
    ) async throws -> [DepositOutcome] {
        let (source, now) = (source, now())
        return try await store.write(.durable) { transaction in
            let outcomes = try observed.map { try transaction.observe($0, at: now) }
            if let next { try transaction.setCursor("\(next)", of: source) }
            return outcomes
        }.filter { !$0.newSteps.isEmpty }
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

    /// The deposits in what the node lists itself: nothing yet in one that is remembered, because waiting for
    /// it would not help.
    private func observations(
        ofEach listed: [EVMWord],
        in blocks: ClosedRange<Int64>,
    ) async throws -> [ObservedDeposit] {
        var observed: [ObservedDeposit] = []
        for one in listed {
            do throws(RPCFailure) {
                observed += try await observations(of: [one], in: blocks, areFinal: true)
            } catch {
                guard error.mayBeLeftBehind else { throw error }
                try await unread.remember("\(one)", error)
            }
        }
        return observed
    }
}
