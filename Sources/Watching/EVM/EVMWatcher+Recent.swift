import ChainFormats
import Deposits
import Primitives

/// What is not final, and what may be taken back.
extension EVMWatcher {
    /// Reads what was seen once, and stands in a final block by now, though no list of logs had it.
    func finishSeen(upTo last: Int64, _ outcomes: inout [DepositOutcome]) async throws {
        for deposit in try await store.deposits(on: chain, in: .seen) {
            guard let block = deposit.block, block.number <= last,
                let hash = EVMWord(deposit.id.transaction)
            else { continue }
            outcomes += try await finished(hash, upTo: last)
        }
    }

    /// One that can not be read now is tried again at the next look.
    private func finished(
        _ transaction: EVMWord,
        upTo last: Int64,
    ) async throws -> [DepositOutcome] {
        do {
            guard case .deposits(let found) = try await claim(transaction, upTo: last) else {
                return []
            }
            return found.filter { !$0.newSteps.isEmpty }
        } catch let failure as RPCFailure where failure.isOfOneThing {
            return []
        }
    }

    /// Looks whether what is in the books still stands in its block, from some blocks before those that were looked
    /// at last, however long ago that was.
    func lookAgain(upTo final: Int64, _ outcomes: inout [DepositOutcome]) async throws {
        let (chain, source) = (chain, "again/\(chain)")
        let stored = try await store.read { try $0.cursor(of: source) }
        let last = stored.flatMap { Int64($0) } ?? 0
        let after = min(last, final) - watching.blocksAgain
        let recent = try await store.read { try $0.deposits(on: chain, after: after) }
        var canonical: [Int64: EVMWord?] = [:]
        for deposit in recent {
            guard let block = deposit.block else { continue }
            if canonical[block.number] == nil {
                canonical[block.number] = .some(try await node.block(block.number)?.hash)
            }
            // A node that has no such block is behind, and knows nothing of it.
            guard let hash = canonical[block.number] ?? nil, hash.description != block.hash,
                await isReplaced(block)
            else { continue }
            let now = now()
            let outcome = try await store.write(.durable) {
                try $0.dropped(deposit.id, from: block, at: now)
            }
            if let outcome, !outcome.newSteps.isEmpty { outcomes.append(outcome) }
        }
        guard final > last else { return }
        try await store.write(.durable) { try $0.setCursor("\(final)", of: source) }
    }

    /// Whether enough nodes have another block in its place; the first one has.
    private func isReplaced(_ block: BlockReference) async -> Bool {
        guard watching.quorum > 1 else { return true }
        var others = witnesses.map(\.node)
        // One that can not be asked, or is behind, does not agree.
        let told = await others.ask { try await $0.block(block.number) }
        let agreed = 1 + told.count { $0.map { "\($0.hash)" != block.hash } ?? false }
        return agreed >= watching.quorum
    }

    func readNew(after final: Int64, _ outcomes: inout [DepositOutcome]) async throws {
        let newest = try await node.newestBlock()
        guard newest > final else { return }
        let first = max(final + 1, newest - watching.blocksAtOnce + 1)
        let blocks = max(0, first)...newest
        let listed = try await node.transfers(to: watching.treasury, in: blocks)
        let observed = try await newObservations(ofEach: listed, in: blocks)
        guard !observed.isEmpty else { return }
        let now = now()
        outcomes += try await store.write(.durable) { transaction in
            try observed.map { try transaction.observe($0, at: now) }
        }.filter { !$0.newSteps.isEmpty }
    }

    /// The deposits in what is not final: one that can not be read is met again once it is.
    private func newObservations(
        ofEach listed: [EVMWord],
        in blocks: ClosedRange<Int64>,
    ) async throws(RPCFailure) -> [ObservedDeposit] {
        var observed: [ObservedDeposit] = []
        for one in listed {
            do throws(RPCFailure) {
                observed += try await observations(of: [one], in: blocks, areFinal: false)
            } catch {
                guard error.isOfOneThing else { throw error }
            }
        }
        return observed
    }
}
