import Forwarding
import Gateway
import GatewayTestKit
import Glibc
import Identity
import Ledger
import Metering
import NIOCore
import Pricing
import Primitives
import Providers
import Receipts
import StoreSQLite
import Synchronization

/// What ``Books`` has done, whatever the store is.
protocol BooksWork: Sendable {
    var customerCount: Int { get }
    func addCustomers(_ count: Int) async throws
    func invite(_ count: Int)
    func secrets(_ count: Int) -> [Secret]
    func pair(_ kind: Books.Work) async throws
    func authenticate() async throws
    func readReceipt() async throws
    func fill(_ count: Int) async throws
    func audit() async throws
}

/// The work on one kind of store, without a word on which.
final class StoreWork<Storage: GatewayStore>: BooksWork {
    private struct State {
        var random = SplitMix64(seed: 1)
        /// How many customers the books have.
        var customerCount: Int
        /// Those of them who come next, one after the other and then again.
        var guests: [Person] = []
        var served = 0
        var receipts: [InferenceID] = []

        /// Customers drawn at random from all.
        mutating func draw(_ count: Int) -> [Person] {
            (0..<count).map { _ in Person(Int(random.next() % UInt64(customerCount))) }
        }
    }

    /// How many customers are invited when they are added, at most.
    private static var mostGuests: Int { 100_000 }

    private let store: Storage
    private let state: Mutex<State>
    private let identifiers: IdentifierSource
    private let rate: Rate
    private let upstream: Upstream
    private let request: InferenceRequest
    private let placeHold: PlaceHold<Storage>
    private let settle: Settle<Storage>

    init(_ store: Storage) async throws {
        self.store = store
        let known = try await store.read { try $0.identityCounts().customers }
        state = Mutex(State(customerCount: known))
        let card = try RateCardDraft.sample().published()
        guard let rate = card.index()["openai/sample"] else {
            preconditionFailure("the sample card has its model")
        }
        self.rate = rate
        try await store.write(.durable) { try $0.publish(card, at: .second(0)) }
        let settings = GatewaySettings(publicURL: nil, holds: HoldPolicy(mode: .adaptive))
        placeHold = PlaceHold(store: store, settings: settings)
        settle = Settle(store: store, settings: settings, time: .clock)
        upstream = Upstream(name: "openai", dialect: .openai, baseURL: "", credential: "")
        let body =
            #"{"model":"sample","max_tokens":256,"messages":[{"role":"user","content":"Hi"}]}"#
        request = try InferenceRequest(.openai, body: ByteBuffer(string: body))
        identifiers = IdentifierSource(time: .clock, random: SeededRandom(seed: 2).source)
    }

    var customerCount: Int { state.withLock(\.customerCount) }

    func invite(_ count: Int) {
        state.withLock { state in
            state.guests = state.draw(count)
            state.served = 0
        }
    }

    func secrets(_ count: Int) -> [Secret] { state.withLock { $0.draw(count).map(\.secret) } }

    func addCustomers(_ count: Int) async throws {
        let known = customerCount
        for start in stride(from: known, to: known + count, by: 1000) {
            let new = (start..<min(known + count, start + 1000)).map(Person.init)
            try await store.write(.durable) { transaction in
                for person in new {
                    let customer = Customer(
                        id: person.id,
                        depositCode: person.depositCode,
                        label: "",
                        createdAt: .second(0),
                    )
                    let key = Key(
                        id: person.key,
                        customer: person.id,
                        digest: person.digest,
                        createdAt: .second(0),
                    )
                    try transaction.register(customer, key)
                    let funds = Amount(1_000_000_000_000)
                    let grant = Grant.sample("\(person.id)", to: person.id, funds, .usdc)
                    _ = try transaction.give(grant, at: .second(0))
                }
            }
            state.withLock { $0.customerCount += new.count }
        }
        invite(min(customerCount, Self.mostGuests))
    }

    private func someone() -> Person {
        state.withLock { state in
            defer { state.served += 1 }
            return state.guests[state.served % state.guests.count]
        }
    }

    func pair(_ kind: Books.Work) async throws {
        let person = someone()
        let id: InferenceID = identifiers.next("inf")
        switch kind {
        case .ledger:
            let now = TimeSource.clock.now()
            _ = try await store.write(.visible) { transaction in
                try transaction.placeHold(
                    person.hold(id, at: now),
                    solRate: nil,
                )
            }
            _ = try await store.write(.durable) { transaction in
                let settlement = Settlement(price: 5000, cost: 4000, provider: "openai")
                return try transaction.captureHold(id, settlement, at: now)
            }
        case .stages: try await pair(id, of: person)
        }
    }

    private func pair(_ id: InferenceID, of person: Person) async throws {
        let demand = Demand(inputBound: 400, inputEstimate: 100, outputLimit: 256)
        let quote = Quote(rate: rate, demand: demand)
        let now = TimeSource.clock.now()
        let key = Key(
            id: person.key,
            customer: person.id,
            digest: person.digest,
            createdAt: .second(0),
        )
        let placed = try await placeHold(id, quote, key: key, rateCard: "sample-1", at: now)
        let held = HeldInference(
            request: request,
            key: key,
            rate: rate,
            upstream: upstream,
            demand: demand,
            placed: placed,
        )
        let reading = UsageReading(usage: Usage([.input: 90, .output: 200]), source: .reported)
        let receipt = try await settle.capture(
            held,
            reading,
            answeredModel: "sample-2026",
            outcome: .completed,
        )
        precondition(receipt.charge > .zero, "an inference costs something")
        state.withLock { state in
            if state.receipts.count < 1000 { state.receipts.append(id) }
        }
    }

    func authenticate() async throws {
        let presented = Secret(presented: someone().secret.text)
        let key = try await store.read { try $0.authenticate(presented, at: .second(0)) }
        keep(key)
    }

    func readReceipt() async throws {
        let id = state.withLock { $0.receipts[Int($0.random.next() % UInt64($0.receipts.count))] }
        let receipt = try await store.read { try $0.receipt(id) }
        precondition(receipt?.id == id, "a receipt that was written is read")
    }

    func fill(_ count: Int) async throws {
        for start in stride(from: 0, to: count, by: 1000) {
            let agents = state.withLock { $0.draw(min(count - start, 1000)) }
            let inferences = agents.map { (identifiers.next("inf") as InferenceID, $0) }
            let (rate, now) = (rate, TimeSource.clock.now())
            try await store.write(.durable) { transaction in
                for (id, person) in inferences {
                    let hold = try transaction.placeHold(
                        person.hold(id, at: now),
                        solRate: nil,
                    )
                    let usage = Usage([.input: 90, .output: 200])
                    let charge = Charge(of: usage, at: rate, hold: hold.amount)
                    let captured = try transaction.captureHold(
                        id,
                        Settlement(price: charge.price, cost: charge.cost, provider: "openai"),
                        at: now,
                    )
                    try transaction.append(
                        Receipt(
                            hold: captured,
                            charge: charge,
                            reading: UsageReading(usage: usage, source: .reported),
                            request: ReceiptRequest(requestedModel: "sample", upstream: "openai"),
                            outcome: .completed,
                            balanceAfter: .zero,
                            settledAt: now,
                        )
                    )
                }
            }
        }
    }

    func audit() async throws {
        try await store.read { transaction in
            if var ours = transaction as? SQLiteTransaction {
                _ = try BooksAudit(&ours)
            } else {
                _ = try transaction.auditLedger()
            }
        }
    }
}

extension TimeSource {
    /// The machine's clock.
    fileprivate static let clock = TimeSource {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Timestamp(microseconds: Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000)
    }
}
