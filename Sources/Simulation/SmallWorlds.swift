import Ledger
import Primitives

/// Every order of a few events over one account.
package struct SmallWorlds {
    /// The letters of the sequences.
    package enum Letter: String, Sendable {
        case deposit, hold, extend, capture, release, expire, retry, refund
        /// The power fails: what was only visible is lost, and the restart expires every open hold.
        case crash
        /// The process alone ends, which loses nothing.
        case kill
        /// What can happen to one deposit: it is seen, final, told otherwise, dropped from its block,
        /// final again in the next, given to the customer, refused; the customer's wallet is proven.
        case see, finish, contradict, drop, `return`, assign, reject, bind

        /// An account that is funded and spends.
        package static let ledger: [Letter] = [
            .deposit, .hold, .extend, .capture, .release, .expire, .retry, .refund, .crash, .kill,
        ]
        /// What can happen to `deposit`, and to a customer who spends of it; each of them is a
        /// repetition where it comes twice.
        package static func of(_ deposit: SimpleDeposit) -> [Letter] {
            let letters: [Letter] = [
                .see, .finish, .contradict, .drop, .return, .assign, .reject, .hold, .capture,
                .crash,
            ]
            return deposit.sender == nil ? letters : letters + [.bind]
        }
    }

    /// One place in the tree of all sequences.
    private struct Node {
        var world = LedgerWorld(customers: 1, keys: 1)
        /// The world as it is on the disk.
        var durable = LedgerWorld(customers: 1, keys: 1)
        /// Whether something was answered since that a crash would lose.
        var hasVisible = false
        var last: LedgerEvent?
        /// The newest hold's number; the next one takes the next.
        var hold = 0
        var deposits = 0
        /// The block in which the one deposit is told next.
        var block = 0
    }

    /// How many sequences and how many steps were taken.
    package private(set) var sequences = 0
    package private(set) var steps = 0
    /// The first failure: the sequence, and what it was.
    package private(set) var failure: (letters: [Letter], problem: String)?
    private let letters: [Letter]
    /// The one deposit, as it is told.
    private let deposit: SimpleDeposit

    /// An account that is funded and spends.
    package init() { (letters, deposit) = (Letter.ledger, SimpleDeposit(id: 0, code: 0)) }

    /// One deposit, and a customer who spends of it.
    package init(of deposit: SimpleDeposit) {
        (letters, self.deposit) = (Letter.of(deposit), deposit)
    }

    /// Takes every sequence of up to `length` letters.
    package mutating func run(length: Int) {
        descend(Node(), [], length)
    }

    private mutating func descend(_ node: Node, _ letters: [Letter], _ length: Int) {
        guard letters.count < length else {
            sequences += 1
            return
        }
        // Where a crash loses nothing, a kill is one.
        for letter in self.letters where letter != .kill || node.hasVisible {
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
        node.hasVisible = letter == .hold || letter == .extend
        if !node.hasVisible { node.durable = node.world }
        return true
    }

    private func events(of letter: Letter, _ node: inout Node) -> [LedgerEvent] {
        let event: LedgerEvent
        switch letter {
        case .deposit:
            node.deposits += 1
            event = .observe(SimpleDeposit(id: node.deposits, code: 0))
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
        case .see: event = .observe(deposit.told(in: node.block, isFinal: false))
        case .finish: event = .observe(deposit.told(in: node.block, isFinal: true))
        case .return:
            node.block += 1
            event = .observe(deposit.told(in: node.block, isFinal: true))
        case .contradict:
            var other = deposit.told(in: node.block, isFinal: true)
            other.amount += 1
            event = .observe(other)
        case .drop: event = .drop(id: deposit.id, block: node.block)
        case .assign: event = .assign(id: deposit.id, customer: 0)
        case .reject: event = .reject(id: deposit.id)
        case .bind: event = .bind(wallet: 0, customer: 0)
        case .retry: return node.last.map { [$0] } ?? []
        case .crash, .kill:
            if letter == .crash { node.world = node.durable }
            return [.clock(seconds: 1_000_000), .expire(except: -1)]
        }
        node.last = event
        return [event]
    }
}
