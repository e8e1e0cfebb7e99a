import Ledger
import Primitives

/// Every order of a few events over one account.
package struct SmallWorlds {
    /// The letters of the sequences.
    package enum Letter: String, CaseIterable, Sendable {
        case deposit, hold, extend, capture, release, expire, retry, refund
        /// The power fails: what was only visible is lost, and the restart expires every open hold.
        case crash
    }

    /// One place in the tree of all sequences.
    private struct Node {
        var world = LedgerWorld(customers: 1, keys: 1)
        /// The world as it is on the disk.
        var durable = LedgerWorld(customers: 1, keys: 1)
        var last: LedgerEvent?
        /// The newest hold's number; the next one takes the next.
        var hold = 0
        var deposits = 0
    }

    /// How many sequences and how many steps were taken.
    package private(set) var sequences = 0
    package private(set) var steps = 0
    /// The first failure: the sequence, and what it was.
    package private(set) var failure: (letters: [Letter], problem: String)?
    /// Whether a crash loses what was only visible; a process that is killed loses nothing.
    private let losesVisible: Bool

    package init(losingVisible: Bool) { losesVisible = losingVisible }

    /// Takes every sequence of up to `length` letters that begins with one of `first`.
    package mutating func run(length: Int, from first: [Letter] = Letter.allCases) {
        for letter in first where failure == nil {
            var node = Node()
            guard step(&node, letter, [letter]) else { return }
            descend(node, [letter], length)
        }
    }

    private mutating func descend(_ node: Node, _ letters: [Letter], _ length: Int) {
        guard letters.count < length else {
            sequences += 1
            return
        }
        for letter in Letter.allCases {
            var next = node
            guard step(&next, letter, letters + [letter]) else { return }
            descend(next, letters + [letter], length)
            guard failure == nil else { return }
        }
    }

    /// Takes one letter and compares everything after it.
    private mutating func step(_ node: inout Node, _ letter: Letter, _ letters: [Letter]) -> Bool {
        steps += 1
        for event in events(of: letter, &node) {
            if let problem = node.world.take(event) ?? node.world.audit() {
                failure = (letters, "\(event): \(problem)")
                return false
            }
        }
        // A hold and its extension are answered when they are visible, all else when it is durable.
        if letter != .hold, letter != .extend { node.durable = node.world }
        return true
    }

    private func events(of letter: Letter, _ node: inout Node) -> [LedgerEvent] {
        let event: LedgerEvent
        switch letter {
        case .deposit:
            node.deposits += 1
            event = .deposit(id: node.deposits, customer: 0, .usdc, amount: 100)
        case .hold:
            node.hold += 1
            let daily = SimpleBudget(of: .key(0, of: 0), window: .daily, limit: 150)
            event = .place(
                id: node.hold,
                customer: 0,
                key: 0,
                amount: 60,
                budgets: [daily],
                rate: 0,
            )
        case .extend: event = .extend(id: node.hold, to: 90, budgets: [])
        case .capture: event = .capture(id: node.hold, price: 70, cost: 50)
        case .release: event = .release(id: node.hold)
        case .refund: event = .refund(id: node.hold, amount: 30)
        case .expire: return [.clock(seconds: 121), .expire(except: -1)]
        case .retry: return node.last.map { [$0] } ?? []
        case .crash:
            if losesVisible { node.world = node.durable }
            return [.clock(seconds: 1_000_000), .expire(except: -1)]
        }
        node.last = event
        return [event]
    }
}
