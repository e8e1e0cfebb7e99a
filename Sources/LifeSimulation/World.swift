import GatewayTestKit
import Identity
import Ledger
import Pricing
import Primitives
import Simulation
import Synchronization

/// One schedule: a gateway on a simulated store, lying upstreams, agents that come and go, and
/// crashes and failed commits at some steps.
final class World: Sendable {
    private struct State {
        var turned = Duration.zero
        var heard: [Heard] = []
        var problems: [String] = []
        /// The gateway that lives.
        var life: Life?
        /// What the disk kept of a life that ended before its time.
        var left: MemoryBooks?
        var tally = Tally()
        var isGrantAcknowledged = false
        var dice: Dice
    }

    static let funds: Int64 = 4000
    static let budget: Int64 = 3000
    /// What the operator grants to one customer, once.
    static let extra: Int64 = 500
    /// A micro-USD is five lamports.
    static let solRate = SOLRate(microdollarsPerSOL: 200_000_000, quotedAt: .second(0))
    static let lamports: Int64 = 5

    let plans: [AgentPlan]
    let operatorPlan: OperatorPlan
    let clock = HandSleeper()
    private let seed: UInt64
    private let state: Mutex<State>

    init(_ plans: [AgentPlan], seed: UInt64) {
        self.plans = plans
        self.seed = seed
        var dice = Dice(seed: seed ^ 0xABCD)
        operatorPlan = OperatorPlan(&dice)
        state = Mutex(State(dice: dice))
    }

    /// By how much the wall clock was turned.
    var turned: Duration { state.withLock(\.turned) }

    /// Whether the operator was told that its grant is on the books.
    var isGrantAcknowledged: Bool { state.withLock(\.isGrantAcknowledged) }
    func acknowledgeGrant(in life: Life) {
        guard !life.store.isDead else { return }
        state.withLock { $0.isGrantAcknowledged = true }
    }

    func turnClock(by duration: Duration) { state.withLock { $0.turned += duration } }

    var problems: [String] { state.withLock(\.problems) }
    var tally: Tally { state.withLock(\.tally) }

    /// What the agents heard of answers, in the order in which they stopped listening.
    var heard: [Heard] { state.withLock(\.heard) }
    /// What they saw the end of.
    var seen: [Heard] { heard.filter { $0.isSeen(plans[$0.agent]) } }

    func complain(_ problem: String) { state.withLock { $0.problems.append(problem) } }

    /// The whole schedule: a life of the gateway, its death if it dies, and the lives after it.
    func run(crashing crash: CrashSwitch) async {
        do {
            var books = try World.beginning.get()
            var agents = Array(plans.indices)
            var calls: [String] = []
            for number in 0... {
                let life = try await live(number, on: books, agents, crash)
                calls += life.upstream.calls
                try check(life, calls: calls)
                state.withLock { $0.tally.count(life.store.audit) }
                guard let left = state.withLock({ $0.left.take() }) else {
                    return state.withLock { $0.tally.count(life.store.books) }
                }
                // The next process, on what the disk kept; agents who got no answer ask again.
                books = left
                let answered = Set(seen.map(\.agent))
                agents = plans.indices.filter {
                    !answered.contains($0) && plans[$0].retryOf != nil
                }
            }
        } catch {
            complain("\(error)")
        }
    }

    /// One life of the gateway, to its end or its death.
    private func live(
        _ number: Int,
        on books: MemoryBooks,
        _ agents: [Int],
        _ crash: CrashSwitch,
    ) async throws -> Life {
        let death = state.withLock { Death.random(inLife: number, &$0.dice) }
        let life = try Life(
            self,
            number,
            books,
            seed: seed &+ UInt64(number),
            failing: death.failingCommit,
            onFailure: { crash.arm(after: death.steps, self.crashLife) },
        )
        state.withLock { $0.life = life }
        if case .afterSteps(let steps) = death { crash.arm(after: steps, crashLife) }
        await life.run(agents: agents)
        crash.disarm()
        if life.store.hasFailed { crashLife() }
        state.withLock { $0.life = nil }
        return life
    }

    /// The gateway that lives dies.
    private func crashLife() {
        guard let life = state.withLock(\.life), !life.store.isDead else { return }
        let left = life.store.crash()
        state.withLock { state in
            state.tally.crashes += 1
            if life.store.hasFailed { state.tally.failedCommits += 1 }
            state.left = left
        }
        life.upstream.cutOff()
        life.cutConnections()
    }

    /// Takes note of what an agent heard, unless its gateway had died by then.
    func hear(_ heard: Heard, in life: Life) {
        guard !life.store.isDead else { return }
        var heard = heard
        heard.isUnsure = life.store.hasFailed
        state.withLock { [heard] in $0.heard.append(heard) }
    }

    /// Worth ``funds`` in micro-USD.
    private static func startingFunds(of customer: Int) -> [(Asset, Int64)] {
        customer == 0
            ? [(.usdc, 2000), (.usd, 2000)]
            : [(.usdc, 1500), (.pathusd, 1500), (.sol, 1000 * lamports)]
    }

    /// The same for every schedule.
    private static let beginning = Result { try startingBooks() }

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
            for (asset, units) in startingFunds(of: customer) {
                _ = try transaction.give(
                    .sample(
                        "g\(customer)\(asset)",
                        to: CustomerID("c\(customer)"),
                        Amount(units),
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
