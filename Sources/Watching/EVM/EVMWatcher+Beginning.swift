import ChainFormats
import Deposits
import Primitives

/// Where the watch begins, and whether what is final is still behind it.
extension EVMWatcher {
    /// The name under which it is kept where the watch begins.
    private var start: String { "begin/\(chain)" }

    /// Keeps where the watch begins, at the first start: whatever fails from then on, what comes after that is read,
    /// and nothing that is before it.
    func begin() async throws {
        let (source, start) = (source, start)
        guard try await store.read({ try $0.cursor(of: source) }) == nil else { return }
        let first = if let named = watching.firstBlock { named } else { try await beginning() }
        let block = "\(max(0, first))"
        try await store.write(.durable) { transaction in
            try transaction.setCursor(block, of: source)
            try transaction.setCursor(block, of: start)
        }
    }

    /// The first block that is this watch's.
    func firstBlock() async throws -> Int64 {
        let start = start
        return try await store.read { try $0.cursor(of: start) }.flatMap { Int64($0) } ?? 0
    }

    private func beginning() async throws(RPCFailure) -> Int64 {
        let finality = watching.finality
        let own = try await node.lastFinal(finality)
        var others = witnesses.map(\.node)
        let told = await others.ask { try await $0.lastFinal(finality) }
        return EVMWatching.beginning(own: own, told: told, quorum: watching.quorum)
    }

    /// Tells how far the last final block is behind where the chain is read on, at each look.
    ///
    /// All that is beyond what is read again would be passed over in silence, until that is final.
    func tellLag(of final: Int64) async throws {
        let source = source
        let stored = try await store.read { try $0.cursor(of: source) }
        guard let next = stored.flatMap({ Int64($0) }) else { return }
        tell(EVMLag(of: final, behind: next, blocksAgain: watching.blocksAgain))
    }
}

extension EVMWatching {
    /// Where a watch begins by what the first node and the witnesses that answer call final: at a block that one
    /// witness at least calls final, too, and as many nodes as have to agree.
    ///
    /// What is before it is never read, so no node alone that is ahead of its chain decides it.
    static func beginning(own: Int64, told: [Int64], quorum: Int) -> Int64 {
        let all = ([own] + told).sorted(by: >)
        return min(own, all[min(max(2, quorum), all.count) - 1])
    }
}
