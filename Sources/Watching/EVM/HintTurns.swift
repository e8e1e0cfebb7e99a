import ChainFormats
import Synchronization

/// Which hints of an EVM chain wait for their turn, and which hold no deposit, so that no look asks for them again.
///
/// It is in memory: what waits when the process ends is met again where it is still listed.
final class HintTurns: Sendable {
    /// How often the first node may yet be asked for hints at one look.
    struct Tries {
        /// How many of each witness may come to nothing.
        private let most: Int
        private var vain: [Int: Int] = [:]
        /// Why the first node can not be asked for any.
        var outage: RPCFailure?

        init(ofEach most: Int) { self.most = most }

        /// Whether one that some witnesses list may be asked for.
        func areLeft(to nodes: [Int]) -> Bool { nodes.contains { vain[$0, default: 0] < most } }

        /// One came to nothing.
        mutating func note(_ nodes: [Int]) {
            for node in nodes { vain[node, default: 0] += 1 }
        }
    }

    private struct Place {
        let number: Int
        var nodes: Set<Int>
    }

    private struct State {
        var waiting: [EVMWord: Place] = [:]
        /// How many of each witness wait.
        var counts: [Int: Int] = [:]
        var lastPlace = 0
        /// What holds no deposit, and the round at which it was listed last.
        var empty: [EVMWord: Int] = [:]
        var round = 0
    }

    private let state = Mutex(State())

    /// Those of some hints that are met anew, or that another witness lists than those they wait for.
    func open(_ hints: [Hint<EVMWord>]) -> [Hint<EVMWord>] {
        state.withLock { state in
            hints.filter { hint in
                if state.empty[hint.transaction] != nil {
                    state.empty[hint.transaction] = state.round
                    return false
                }
                guard let place = state.waiting[hint.transaction] else { return true }
                return !place.nodes.isSuperset(of: hint.nodes)
            }
        }
    }

    /// Has one wait behind all others, where one of its witnesses has fewer that wait.
    func wait(_ hint: Hint<EVMWord>, atMost most: Int) {
        state.withLock { state in
            let known = state.waiting[hint.transaction]
            let added = Set(hint.nodes).subtracting(known?.nodes ?? [])
                .filter { state.counts[$0, default: 0] < most }
            guard !added.isEmpty else { return }
            for node in added { state.counts[node, default: 0] += 1 }
            if known == nil { state.lastPlace += 1 }
            let number = known?.number ?? state.lastPlace
            let nodes = added.union(known?.nodes ?? [])
            state.waiting[hint.transaction] = Place(number: number, nodes: nodes)
        }
    }

    /// Those that wait, in turn.
    func waiting() -> [Hint<EVMWord>] {
        state.withLock(\.waiting).sorted { $0.value.number < $1.value.number }.map {
            Hint(transaction: $0.key, nodes: $0.value.nodes.sorted())
        }
    }

    /// It has had its turn.
    func end(_ transaction: EVMWord) {
        state.withLock { state in
            let place = state.waiting.removeValue(forKey: transaction)
            for node in place?.nodes ?? [] { state.counts[node, default: 0] -= 1 }
        }
    }

    /// It holds no deposit.
    func noteEmpty(_ transaction: EVMWord) {
        state.withLock { $0.empty[transaction] = $0.round }
    }

    /// All lists of a look were read: what none of them has is forgotten.
    func endRound() {
        state.withLock { state in
            state.empty = state.empty.filter { $0.value == state.round }
            state.round += 1
        }
    }
}
