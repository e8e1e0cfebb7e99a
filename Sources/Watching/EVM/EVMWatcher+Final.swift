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
        let first = try await firstBlock()
        var next = max(first, resumed ?? first)
        var (witnesses, tries) = (witnesses, HintTries(ofEach: watching.hintsAgain))
        while next <= last {
            let (listed, blocks) = try await transfers(
                in: next...min(last, next + watching.blocksAtOnce - 1)
            )
            let hints = await hints(of: &witnesses, in: blocks, beside: listed)
            let (observed, failure) = try await observations(ofEach: listed, in: blocks)
            next = blocks.upperBound + 1
            guard failure != nil || !hints.isEmpty else {
                outcomes += try await book(observed, readUpTo: next)
                continue
            }
            // What the node lists itself waits for no hint, nor for what can not be read yet.
            outcomes += try await book(observed)
            if let failure { throw failure }
            try await follow(hints, in: blocks, &tries, &outcomes)
            outcomes += try await book([], readUpTo: next)
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
    /// it would not help, or no longer does.
    ///
    /// - Returns: why the blocks can not be read on yet, too, where one of them may yet be read.
    private func observations(
        ofEach listed: [EVMWord],
        in blocks: ClosedRange<Int64>,
    ) async throws -> ([ObservedDeposit], RPCFailure?) {
        var (observed, waiting) = ([ObservedDeposit](), RPCFailure?.none)
        for one in listed {
            do throws(RPCFailure) {
                observed += try await observations(of: [one], in: blocks, areFinal: true)
                waits.end(one)
            } catch {
                guard error.isOfOneTransaction else { return (observed, error) }
                guard try await isLeftBehind(one, error) else {
                    waiting = waiting ?? error
                    continue
                }
                try await unread.remember("\(one)", error)
                waits.end(one)
            }
        }
        return (observed, waiting)
    }
    /// Whether the blocks are read on behind one that ended so: it has been waited for, or waiting would not help.
    private func isLeftBehind(_ transaction: EVMWord, _ failure: RPCFailure) async throws -> Bool {
        if failure.mayBeLeftBehind || waits.isOver(transaction, at: now()) { return true }
        return try await unread.known("\(transaction)")?.isHint == false
    }
}
