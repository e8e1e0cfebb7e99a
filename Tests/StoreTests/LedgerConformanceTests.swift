import GatewayTestKit
import Identity
import Ledger
import Pricing
import Primitives
import Testing

struct LedgerConformanceTests {
    @Test(arguments: StoreKind.allCases)
    func `a grant is credited once, whenever it is repeated`(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let first = try await store.write(.durable) {
                try $0.give(.sample("g", to: "acme", 100), at: .second(1))
            }
            let second = try await store.write(.durable) {
                try $0.give(.sample("g", to: "acme", 100), at: .second(2))
            }
            #expect(first == second)
            await #expect(throws: LedgerError.transferExistsWithDifferentContent("grant/g")) {
                try await store.write(.durable) {
                    try $0.give(.sample("g", to: "acme", 101), at: .second(3))
                }
            }
            #expect(try await store.balance(of: "acme") == Balance(100, 0))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a hold is found as it was placed, and ends as it was ended`(
        _ kind: StoreKind
    ) async throws {
        try await kind.withStore { store in
            try await store.fund("acme", 100)
            let placed = try await store.place("h", of: "acme", 70)
            #expect(placed.parts == [Hold.Part(asset: .usd, amount: 70)])
            #expect(try await store.read { try $0.hold("h") } == placed)
            #expect(try await store.balance(of: "acme") == Balance(100, 0, held: 70))
            let captured = try await store.write(.durable) {
                try $0.captureHold("h", .sample(price: 25, cost: 20), at: .second(9))
            }
            #expect(captured.state == .captured(25))
            #expect(try await store.read { try $0.hold("h") } == captured)
            #expect(try await store.balance(of: "acme") == Balance(100, 25))
            #expect(try await store.read { try $0.openHoldCount() } == 0)
            try await store.audit()
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `holds on SOL and over several assets are stored whole`(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.fund("acme", 10, .pathusd)
            try await store.fund("acme", 5, .usdc)
            try await store.fund("acme", 1_000_000_000, .sol)
            let rate = SOLRate(microdollarsPerSOL: 150_000_000, quotedAt: .second(3))
            let dollars = try await store.place("h1", of: "acme", 15, solRate: rate)
            let sol = try await store.place("h2", of: "acme", 100, solRate: rate)
            #expect(dollars.parts.map(\.asset) == [.usdc, .pathusd])
            #expect(dollars.solRate == nil)
            #expect(sol.parts == [Hold.Part(asset: .sol, amount: 667)])
            #expect(sol.solRate == rate)
            #expect(try await store.read { try $0.holds(after: nil, limit: 9) } == [dollars, sol])
            try await store.audit()
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `open holds expire in the order of their leases, live and renewed ones stay`(
        _ kind: StoreKind
    ) async throws {
        try await kind.withStore { store in
            try await store.fund("acme", 100)
            for (id, lease) in [("h1", 30), ("h2", 10), ("h3", 20), ("h4", 5), ("h5", 40)] {
                try await store.place(
                    InferenceID(id),
                    of: "acme",
                    10,
                    lease: .second(Int64(lease)),
                )
            }
            try await store.write(.visible) { transaction in
                try transaction.renewHolds(["h3", "missing"], until: .second(99))
            }
            let waiting = try await store.read {
                try $0.openHolds(leasedBefore: .second(40), limit: 10)
            }
            #expect(waiting.map(\.id) == ["h4", "h2", "h1"])
            let expired = try await store.write(.durable) {
                try $0.expireHolds(leasedBefore: .second(40), except: ["h4"], at: .second(40))
            }
            #expect(expired.map(\.id) == ["h2", "h1"])
            #expect(expired.allSatisfy { $0.state == .expired && $0.resolvedAt == .second(40) })
            #expect(try await store.balance(of: "acme") == Balance(100, 0, held: 30))
            try await store.audit()
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `what a hold without an end reserves is counted everywhere`(_ kind: StoreKind) async throws
    {
        try await kind.withStore { store in
            try await store.fund("acme", 100)
            try await store.place("h1", of: "acme", 10, lease: .distantFuture)
            try await store.place("h2", of: "acme", 5, lease: .second(1))
            let spendings = try await store.read { try $0.spendings() }
            #expect(spendings.map(\.1.held) == [15, 15])
            #expect(try await store.balance(of: "acme") == Balance(100, 0, held: 15))
            let held = try await store.read { try $0.totals().map(\.balance.held) }
            #expect(held.max() == 15)
            try await store.audit()
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `transfers, accounts and totals are read in order, a page at a time`(
        _ kind: StoreKind
    ) async throws {
        try await kind.withStore { store in
            for number in 1...5 {
                try await store.fund(CustomerID("c\(number)"), Amount(Int64(number)))
            }
            let writers = try await store.read { try $0.writers() }
            let writer = try #require(writers.first)
            #expect(writers.count == 1)
            let page = try await store.read {
                try $0.transfers(of: writer, after: 2, limit: 2)
            }
            #expect(page.map(\.sequence) == [3, 4])
            #expect(page.map(\.transfer.amount) == [3, 4])
            let (chain, last) = try await store.read {
                (try $0.chain(of: writer), try $0.transfers(of: writer, after: 4, limit: 9))
            }
            #expect(chain == TransferChain(sequence: 5, digest: try #require(last.last).digest))
            let names = try await store.read { try $0.accounts().map(\.0.description) }
            #expect(names == (1...5).map { "customer/c\($0)/usd" } + ["promotion/usd"])
            let totals = try await store.read { try $0.totals() }
            #expect(totals.map(\.kind) == ["customer", "promotion"])
            #expect(totals.map(\.accounts) == [5, 1])
            #expect(totals.map(\.balance) == [Balance(15, 0), Balance(0, 15)])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `nothing is found in an empty store, and its books are right`(
        _ kind: StoreKind
    ) async throws {
        try await kind.withStore { store in
            try await store.audit()
            #expect(try await store.balance(of: "acme") == .zero)
            try await store.read { transaction in
                #expect(try transaction.transfer("t") == nil)
                #expect(try transaction.hold("h") == nil)
                #expect(try transaction.writers().isEmpty)
                #expect(try transaction.chain(of: "gateway") == .empty)
                #expect(try transaction.holds(after: nil, limit: 5).isEmpty)
                #expect(try transaction.totals().isEmpty)
                #expect(try transaction.currentRateCard() == nil)
                let counts = try transaction.identityCounts()
                #expect(counts == (0, 0))
            }
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `what one write has changed, its own queries see`(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.fund("acme", 100)
            for (index, query) in LedgerConformanceTests.queries.enumerated() {
                let found = try await store.write(.visible) { transaction in
                    let id = InferenceID("h\(index)")
                    _ = try transaction.placeHold(.sample(id, of: "acme", 10), solRate: nil)
                    return try query(&transaction)
                }
                #expect(found == index + 1, "query \(index)")
            }
            try await store.write(.visible) { transaction in
                _ = try transaction.give(.sample("g2", to: "acme", 1), at: .second(1))
                #expect(try transaction.transfer("grant/g2")?.amount == 1)
                #expect(try transaction.chain(of: "gateway").sequence == 2)
                _ = try transaction.auditLedger()
            }
        }
    }

    /// What counts holds of 10 in each of the ways that look at a whole table.
    private static let queries: [@Sendable (inout any EverySlice) throws -> Int] = [
        { try $0.openHoldCount() },
        { try $0.openHolds(leasedBefore: .second(61), limit: 9).count },
        { try $0.holds(after: nil, limit: 9).count },
        { Int(try $0.accounts().reduce(0) { $0 + $1.1.held.units }) / 10 },
        { Int(try $0.totals().reduce(0) { $0 + $1.balance.held.units }) / 10 },
    ]
}
