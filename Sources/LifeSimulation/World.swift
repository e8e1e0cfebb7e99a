import Forwarding
import Gateway
import GatewayTestKit
import HTTPTypes
import Identity
import Ledger
import Logging
import NIOCore
import Pricing
import Primitives
import Providers
import Receipts
import Simulation
import Synchronization

/// One schedule: a gateway on a simulated store, lying upstreams, agents that come and go, and a
/// crash or a failed commit at some step.
final class World: Sendable {
    /// What happens to the gateway from outside while it serves.
    struct Meddling: Sendable {
        let after: Int
        let publishes: Bool
        let turn: Duration
    }

    private struct State {
        var turned = Duration.zero
        var heard: [Heard] = []
        var problems: [String] = []
        var left: MemoryBooks?
        var isCrashed = false
        /// How many writes were audited, and how many rows were compared.
        var audited = (writes: 0, rows: 0)
        var dice: Dice
    }

    static let funds: Int64 = 4000
    static let budget: Int64 = 3000

    let plans: [AgentPlan]
    let meddling: Meddling
    let clock = HandSleeper()
    private let seed: UInt64
    private let state: Mutex<State>

    init(_ plans: [AgentPlan], seed: UInt64) {
        self.plans = plans
        self.seed = seed
        var dice = Dice(seed: seed ^ 0xABCD)
        meddling = Meddling(
            after: dice.below(600),
            publishes: dice.oneIn(2),
            turn: dice.oneIn(3) ? .seconds(dice.below(400_000) - 200_000) : .zero,
        )
        state = Mutex(State(dice: dice))
    }

    /// By how much the wall clock was turned.
    var turned: Duration { state.withLock(\.turned) }
    func turnClock(by duration: Duration) { state.withLock { $0.turned += duration } }

    var isCrashed: Bool { state.withLock(\.isCrashed) }
    var problems: [String] { state.withLock(\.problems) }

    var audited: (writes: Int, rows: Int) { state.withLock(\.audited) }

    /// What the agents heard of answers, in the order in which they stopped listening.
    var heard: [Heard] { state.withLock(\.heard) }
    /// What they saw the end of.
    var seen: [Heard] { heard.filter { $0.isSeen(plans[$0.agent]) } }

    func complain(_ problem: String) { state.withLock { $0.problems.append(problem) } }

    /// The whole schedule: one life of the gateway, its death if it dies, and the next life.
    func run(crashing crash: CrashSwitch) async {
        do {
            let books = try World.startingBooks()
            let first = try Life(self, books, seed: seed)
            crash.arm { self.crash(first) }
            await first.run(agents: Array(plans.indices))
            crash.disarm()
            if first.store.isDead, !state.withLock(\.isCrashed) { self.crash(first) }
            try check(first.store, after: "the first life", calls: first.upstream.calls)
            guard let left = state.withLock(\.left) else { return }
            // The next process, on what the disk kept; agents who got no answer ask again.
            let second = try Life(self, left, seed: seed &+ 1)
            let answered = Set(seen.map(\.agent))
            let unanswered = plans.indices.filter {
                !answered.contains($0) && plans[$0].retryOf != nil
            }
            await second.run(agents: unanswered)
            try check(
                second.store,
                after: "the second life",
                calls: first.upstream.calls + second.upstream.calls,
            )
        } catch {
            complain("\(error)")
        }
    }

    private func crash(_ life: Life) {
        state.withLock { state in
            guard !state.isCrashed else { return }
            state.isCrashed = true
            state.left = life.store.crash()
        }
        life.upstream.cutOff()
        life.cutConnections()
    }

    /// Takes note of what an agent heard, unless its gateway had died by then.
    func hear(_ heard: Heard, in life: Life) {
        guard !life.store.isDead else { return }
        state.withLock { $0.heard.append(heard) }
    }

    private static func startingBooks() throws -> MemoryBooks {
        var transaction = MemoryTransaction()
        for customer in 0..<2 {
            for key in 0..<2 {
                var settings = KeySettings()
                if key == 1 { settings.budgets[.total] = Amount(budget) }
                settings.onDisconnect = customer == 0 ? .drain : .cancel
                let made = World.key(customer, key, settings)
                if key == 0 {
                    try transaction.register(.sample(made.customer), made)
                } else {
                    try transaction.add(made)
                }
            }
            for asset in [Asset.usdc, .usd] {
                _ = try transaction.give(
                    .sample(
                        "g\(customer)\(asset)",
                        to: CustomerID("c\(customer)"),
                        Amount(funds / 2),
                        asset,
                    ),
                    at: .second(0),
                )
            }
        }
        try transaction.publishOnce(try RateCardDraft.sample().published(), at: .second(0))
        return transaction.books
    }

    static func key(_ customer: Int, _ key: Int, _ settings: KeySettings) -> Key {
        Key(
            id: KeyID("k\(customer)\(key)"),
            customer: CustomerID("c\(customer)"),
            digest: SecretDigest(stored: [UInt8](repeating: UInt8(customer * 2 + key), count: 32)),
            settings: settings,
            createdAt: .second(0),
        )
    }
}

// MARK: What must be true

extension World {
    /// The price of the sample model, worked out apart: 1.1 and 4.4 USD a million, and half as much
    /// again as the cost on the second card; rounded up once.
    private static func price(_ input: Int64, _ output: Int64, _ card: String) -> Int64 {
        let (reading, writing): (Int128, Int128) =
            card == "sample-1" ? (1_100_000, 4_400_000) : (1_500_000, 6_000_000)
        let exact = Int128(input) * reading + Int128(output) * writing
        return Int64((exact + 999_999) / 1_000_000)
    }

    private func check(_ store: SimulatedStore, after place: String, calls: [String]) throws {
        let (stored, audit) = (store.books, store.audit)
        state.withLock { state in
            state.audited.writes += audit.steps
            state.audited.rows += audit.comparisons
        }
        var books = MemoryTransaction(stored, mayWrite: false)
        let isDead = state.withLock(\.isCrashed) && place == "the first life"
        do {
            let audit = try books.auditLedger()
            var receipts = ReceiptAuditor()
            try receipts.audit(&books)
            if !isDead, audit.openHoldCount > 0 {
                complain("\(place): \(audit.openHoldCount) holds are open")
            }
            if receipts.receiptCount != audit.capturedHoldCount {
                complain("\(place): a charge without a receipt")
            }
        } catch {
            complain("\(place): \(error)")
        }
        guard !isDead else { return }
        for seen in seen { checkSeen(seen, stored, place) }
        checkRetries(place)
        checkHeard(stored, place)
        checkCharges(stored, place, calls)
    }

    /// Who asks for the same within one life of the gateway gets the same answer, charged once.
    ///
    /// Where the wall clock was turned, an answer may have been forgotten.
    private func checkRetries(_ place: String) {
        guard turned == .zero else { return }
        var receipts: [String: InferenceID] = [:]
        for seen in seen {
            let plan = plans[seen.agent]
            guard let retry = plan.retryOf else { continue }
            let asked = "\(seen.life) k\(plan.customer)\(plan.key) \(retry)"
            if let first = receipts[asked], first != seen.receipt {
                complain("\(place): \(first) and \(seen.receipt) answer the same request")
            }
            receipts[asked] = seen.receipt
        }
    }

    /// What an agent saw finished is charged, by what its upstream reported.
    private func checkSeen(_ seen: Heard, _ books: MemoryBooks, _ place: String) {
        let plan = plans[seen.agent]
        guard let receipt = books.receipts[seen.receipt] else {
            return complain(
                "\(place): agent \(seen.agent) saw the end of \(seen.receipt), which has no receipt"
            )
        }
        guard [.whole, .usageTwice].contains(plan.answer), receipt.outcome == .completed else {
            return
        }
        let price = World.price(
            Int64(plan.inputReported),
            Int64(plan.output),
            receipt.rateCard,
        )
        let expected = min(price, receipt.hold.units)
        if receipt.charge.units != expected {
            complain(
                "\(place): \(seen.receipt) charges \(receipt.charge), the oracle says \(expected)"
            )
        }
    }

    private func checkCharges(_ books: MemoryBooks, _ place: String, _ calls: [String]) {
        if books.receipts.count > calls.count {
            complain("\(place): \(books.receipts.count) charges for \(calls.count) calls")
        }
        for customer in 0..<2 {
            let id = CustomerID("c\(customer)")
            let charged = books.receipts.values.filter { $0.customer == id }.reduce(0) {
                $0 + $1.charge.units
            }
            let left = [Asset.usdc, .usd].reduce(0) {
                $0 + (books.balances[.customer(id, $1)]?.posted ?? 0)
            }
            if left != World.funds - charged {
                complain("\(place): \(id) has \(left), was charged \(charged)")
            }
            let limited = books.receipts.values.filter { $0.key == KeyID("k\(customer)1") }
                .reduce(0) { $0 + $1.charge.units }
            if limited > World.budget { complain("\(place): a key of \(id) spent \(limited)") }
        }
    }
}

/// Pulls the plug at a step that was chosen before.
final class CrashSwitch: Sendable {
    private let state: Mutex<(left: Int, pull: (@Sendable () -> Void)?)>

    init(after steps: Int) { state = Mutex((steps, nil)) }

    func arm(_ pull: @escaping @Sendable () -> Void) { state.withLock { $0.pull = pull } }
    func disarm() { state.withLock { $0.pull = nil } }

    func tick() {
        let pull = state.withLock { state -> (@Sendable () -> Void)? in
            state.left -= 1
            return state.left == 0 ? state.pull : nil
        }
        pull?()
    }
}
