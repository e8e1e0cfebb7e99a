import ChainFormats
import Deposits
import GatewayTestKit
import Identity
import Ledger
import Primitives
import Testing

@testable import Watching

/// What a watcher makes of histories, over the real rules and the model of a store.
struct SolanaWatcherTests {
    /// Its token account takes long to find in a debug build.
    static let treasury = Result { try RecordedTransaction.treasury() }

    let node = RecordedNode()
    let store = MemoryStore()
    let alerts = Alerts()

    func watcher(
        genesis: String? = "genesis",
        first: RecordedNode? = nil,
        witnesses: [RecordedNode] = [],
        hintsAgain: Int = 20,
        over store: MemoryStore? = nil,
        at now: Timestamp = .second(100),
    ) throws
        -> SolanaWatcher<RecordedNode, MemoryStore>
    {
        let store = store ?? self.store
        var watching = SolanaWatching(try Self.treasury.get(), genesis: genesis)
        watching.hintsAgain = hintsAgain
        return SolanaWatcher(
            watching,
            nodes: [first ?? node] + witnesses,
            unread: unread(over: store, at: now),
            store: store,
        ) { now }
    }

    func unread(
        over store: MemoryStore? = nil,
        at now: Timestamp = .second(100),
    ) -> UnreadTransactions<MemoryStore> {
        let store = store ?? self.store
        return UnreadTransactions(
            chain: "solana",
            store: store,
            now: { now },
            tell: alerts.add,
        )
    }

    func addCustomer() async throws {
        let customer = Customer(
            id: "acme",
            depositCode: "000102030405060708090a0b0c0d0e0f",
            label: "",
            createdAt: .second(1),
        )
        try await store.write(.durable) { try $0.insert(customer) }
    }

    /// What the customer has, in USDC and in SOL.
    func balance(in store: MemoryStore? = nil) async throws -> [Int64] {
        try await (store ?? self.store).read { transaction in
            [Asset.usdc, .sol].map { transaction.balance(of: .customer("acme", $0)).posted }
        }
    }

    @Test func `deposits of every kind are credited once they are final`() async throws {
        try await addCustomer()
        try node.land(
            "program",
            "program-sol",
            "reference",
            "failed",
            "memo",
            "wrong-mint",
            "table",
        )
        let seen = try await watcher().look()
        #expect(seen.allSatisfy { $0.deposit.state == .seen } && seen.count == 5)
        #expect(try await balance() == [0, 0])
        node.finalise()
        for _ in 0..<3 { _ = try await watcher().look() }
        #expect(try await balance() == [9_250_011, 2_000_000_000])
    }

    @Test(arguments: [
        "getGenesisHash", "getSignaturesForAddress", "getTransaction", "getBlock",
        "getSignatureStatuses", "getSlot",
    ])
    func `a node that fails at any question loses nothing and doubles nothing`(
        _ method: String
    ) async throws {
        try await addCustomer()
        try node.land("program", "memo", "memo-sol")
        node.finalise()
        try node.land("reference")
        for failures in 0..<6 {
            node.fail(method, Array(repeating: nil, count: failures) + [.timedOut])
            do { _ = try await watcher().look() } catch is RPCFailure { continue }
        }
        node.finalise()
        for _ in 0..<8 {
            do { _ = try await watcher().look() } catch is RPCFailure { continue }
        }
        #expect(try await balance() == [9_250_000, 5_000_000])
    }

    @Test(arguments: 1...4)
    func `a history in pieces is read to its end`(_ length: Int) async throws {
        try await addCustomer()
        try node.land("program", "memo", "reference", "memo-behind", "table")
        node.finalise()
        node.page(by: length)
        _ = try await watcher().look()
        #expect(try await balance() == [12_250_011, 0])
    }

    @Test(arguments: [1, 2, 5], 0..<5)
    func `a history in another order is read to its end, also after a failure`(
        _ length: Int,
        _ failures: Int,
    ) async throws {
        try await addCustomer()
        // Each is far behind the next, so that the safe point moves with them.
        for (place, name) in ["program", "memo", "reference", "memo-behind", "table"].enumerated() {
            try node.land(name, in: Int64(2000 * (place + 1)))
        }
        node.finalise()
        node.page(by: length)
        node.turnList(of: try RecordedTransaction.treasury().wallet)
        node.fail("getTransaction", Array(repeating: nil, count: failures) + [.timedOut])
        for _ in 0..<2 {
            do { _ = try await watcher().look() } catch is RPCFailure { continue }
        }
        #expect(try await balance() == [12_250_011, 0])
    }

    @Test func `a node that tells one page for ever is given up`() async throws {
        try await addCustomer()
        try node.land("program")
        node.finalise()
        node.repeatPages()
        await #expect(throws: RPCFailure.self) { try await watcher().look() }
    }

    @Test(arguments: [1, 2, 5])
    func `nodes at different heights that answer in turn lose nothing and double nothing`(
        _ lag: Int
    ) async throws {
        try await addCustomer()
        var outcomes: [DepositOutcome] = []
        for name in ["program", "memo", "reference", "memo-behind", "table"] {
            try node.land(name)
            node.lag(by: lag)
            for look in 0..<8 {
                if look == 4 { node.finalise() }
                do { try await watcher().look(&outcomes) } catch is RPCFailure { continue }
            }
            // The one that is behind gets there.
            node.lag(by: 0)
            try await watcher().look(&outcomes)
        }
        #expect(try await balance() == [12_250_011, 0])
        #expect(outcomes.filter(\.isAlert).isEmpty)
    }

    @Test(arguments: [true, false])
    func `what a list left out at first is found when it has it`(_ isAfterAStart: Bool) async throws
    {
        try await addCustomer()
        try node.land("program", in: 100)
        node.finalise()
        var watcher = try watcher()
        _ = try await watcher.look()
        try node.land("memo", in: 9000)
        try node.land("reference", in: 9001)
        try node.leaveOut("memo")
        node.finalise()
        for _ in 0..<3 { _ = try await watcher.look() }
        #expect(try await balance() == [6_250_000, 0])
        node.listAll()
        if isAfterAStart { watcher = try self.watcher() }
        _ = try await watcher.look()
        #expect(try await balance() == [9_250_000, 0])
    }

    @Test func `what was read and is final is not fetched again`() async throws {
        try await addCustomer()
        try node.land("program", in: 100)
        try node.land("memo", "failed", "wrong-mint", in: 2000)
        node.finalise()
        let watcher = try watcher()
        _ = try await watcher.look()
        // Both addresses list each; what has failed is not fetched.
        #expect(node.takeCount(of: "getTransaction") == 6)
        try node.land("reference", in: 2001)
        node.finalise()
        _ = try await watcher.look()
        #expect(node.takeCount(of: "getTransaction") == 2)
        _ = try await watcher.look()
        #expect(node.takeCount(of: "getTransaction") == 0)
        #expect(try await balance() == [9_250_000, 0])
    }

    @Test(
        arguments: [
            ([100, 1599], nil), ([100, 1600], 0), ([100, 101, 1600], 0), ([100, 101, 1601], 1),
            ([100, 2000, 3500, 3500], 1), ([100, 2000, 3500, 9000], 2), ([1500], nil),
        ] as [([Int64], Int?)]
    )
    func `the safe point is so many slots before the last transaction`(
        _ slots: [Int64],
        _ expected: Int?,
    ) async throws {
        let names = ["program", "memo", "reference", "table"]
        for (name, slot) in zip(names, slots) { try node.land(name, in: slot) }
        node.finalise()
        _ = try await watcher().look()
        let treasury = try Self.treasury.get()
        for address in treasury.watched {
            let safe = try await store.read { $0.cursor(of: "history/solana/\(address)") }
            let signature = try expected.map { try RecordedTransaction.named(names[$0]).signature }
            #expect(safe == signature.map { "\($0)" })
        }
    }

    @Test func `what a fork has lost is dropped once its time is over`() async throws {
        try await addCustomer()
        try node.land("program")
        _ = try await watcher().look()
        node.drop()
        #expect(try await watcher().look().isEmpty)
        node.turn(1000)
        let dropped = try await watcher().look()
        #expect(dropped.map(\.deposit.state) == [.reversed(.seen)])
        #expect(try await balance() == [0, 0])
    }

    @Test func `a node of another network is not believed`() async throws {
        try node.land("program")
        node.finalise()
        await #expect(throws: RPCFailure.wrongChain(expected: "mainnet", found: "genesis")) {
            try await watcher(genesis: "mainnet").look()
        }
    }

    @Test func `a signature that somebody names is credited once, beside the watcher`() async throws
    {
        try await addCustomer()
        try node.land("memo")
        let signature = try RecordedTransaction.named("memo").signature
        let watcher = try watcher()
        guard case .deposits(let seen) = try await watcher.claim(signature) else {
            Issue.record("it is there")
            return
        }
        #expect(seen.map(\.deposit.state) == [.seen])
        node.finalise()
        await withThrowingTaskGroup { group in
            for _ in 0..<50 {
                group.addTask { _ = try await watcher.claim(signature) }
                group.addTask { _ = try await watcher.look() }
            }
        }
        #expect(try await balance() == [3_000_000, 0])
        let unknown = try RecordedTransaction.named("plain").signature
        guard case .notFound = try await watcher.claim(unknown) else {
            Issue.record("nobody has it")
            return
        }
    }

    @Test(arguments: [
        RPCFailure.refused(method: "getTransaction", code: -32_015, ""), .tooLarge,
        .malformed(method: "getTransaction"), nil,
    ])
    func `what can not be read holds up nothing, and is credited once when it can be`(
        _ failure: RPCFailure?
    ) async throws {
        try await addCustomer()
        try node.land("program", "memo", in: 100)
        // Beyond what is listed again.
        try node.land("reference", in: 9000)
        try node.hide("memo", failure)
        _ = try await watcher().look()
        node.finalise()
        for _ in 0..<3 { _ = try await watcher().look() }
        #expect(try await balance() == [6_250_000, 0])
        let signature = "\(try RecordedTransaction.named("memo").signature)"
        // A node that does not have it may have it soon.
        #expect(alerts.told == (failure == nil ? [] : [signature]))
        node.reveal()
        for _ in 0..<3 { _ = try await watcher().look() }
        #expect(try await balance() == [9_250_000, 0])
        #expect(try await store.read { $0.unreadCounts(on: "solana") } == [:])
    }

    @Test(
        arguments: [
            (true, nil, 98, true), (false, nil, 98, false), (true, nil, 99, false),
            (true, "getSignatureStatuses", 98, false),
            (true, "getFirstAvailableBlock", 98, false),
        ] as [(Bool, String?, Int64, Bool)]
    )
    func
        `what the first node listed is given up where its whole history lacks it, and nowhere else`(
            _ isForgotten: Bool,
            _ refused: String?,
            _ beginning: Int64,
            _ isGivenUp: Bool,
        ) async throws
    {
        try node.land("memo")
        node.finalise()
        try node.hide("memo", nil)
        if isForgotten { try node.forget("memo") }
        node.begin(at: .second(beginning))
        for day in 0...8 as ClosedRange<Int64> {
            if let refused {
                node.fail(refused, [.refused(method: refused, code: -32_601, "")])
            }
            _ = try await watcher(at: .second(99 + day * 86_400)).look()
            let count = try await store.read { $0.unreadCounts(on: "solana")[1] ?? 0 }
            #expect(count == 1 || isGivenUp && day >= 7)
        }
        let name = "\(try RecordedTransaction.named("memo").signature)"
        #expect(alerts.told.contains("dropped \(name)") == isGivenUp)
    }

    @Test(arguments: [
        RPCFailure.timedOut, .unreachable, .status(429),
        .refused(method: "getTransaction", code: -32_005, ""),
    ])
    func `a node that answers nothing is not taken for a transaction that can not be read`(
        _ failure: RPCFailure
    ) async throws {
        try await addCustomer()
        try node.land("program", "memo")
        node.finalise()
        try node.hide("program", failure)
        await #expect(throws: failure) { try await watcher().look() }
        #expect(try await balance() == [0, 0])
        #expect(try await store.read { $0.unreadCounts(on: "solana") } == [:])
        node.reveal()
        _ = try await watcher().look()
        #expect(try await balance() == [8_000_000, 0])
    }

    @Test func `what was seen and can not be read now holds up nothing that was seen`()
        async throws
    {
        try await addCustomer()
        try node.land("program", "memo")
        let watcher = try watcher()
        let seen = try await watcher.look()
        #expect(seen.map(\.deposit.state) == [.seen, .seen])
        try node.hide("program", .tooLarge)
        node.finalise()
        _ = try await watcher.look()
        #expect(try await balance() == [3_000_000, 0])
    }

    @Test func `what names nobody waits for an operator`() async throws {
        try await addCustomer()
        try node.land("plain", "memos")
        node.finalise()
        _ = try await watcher().look()
        #expect(try await balance() == [1, 0])
        let waiting = try await store.read { $0.deposits(in: .suspended, after: nil, limit: 9) }
        #expect(
            Set(waiting.map(\.state)) == [.suspended(.unknownSender), .suspended(.unknownCode)]
        )
        #expect(waiting.count == 3)
    }
}
