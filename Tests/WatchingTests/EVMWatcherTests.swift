import ChainFormats
import Deposits
import GatewayTestKit
import Identity
import Ledger
import Primitives
import Testing

@testable import Watching

/// What a watcher makes of a chain and its node, over the real rules and the model of a store.
struct EVMWatcherTests {
    private static func address(_ byte: UInt8) -> EVMAddress {
        guard let address = EVMAddress(bytes: Array(repeating: byte, count: 20)) else {
            preconditionFailure("twenty bytes are an address")
        }
        return address
    }

    private static let (treasury, token, user) = (address(1), address(2), address(3))
    private let code = "000102030405060708090a0b0c0d0e0f"
    let chain = HandEVMChain(chainID: 42_431)
    let store = MemoryStore()
    let alerts = Alerts()

    func watcher(
        _ finality: EVMFinality = .finalized,
        first: HandEVMChain? = nil,
        witnesses: [HandEVMChain] = [],
        quorum: Int = 1,
        firstBlock: Int64? = 0,
        hintsAgain: Int = 20,
        over store: MemoryStore? = nil,
        at clock: HandClock = HandClock(at: .second(100)),
    ) -> EVMWatcher<HandEVMChain, MemoryStore> {
        var watching = EVMWatching(
            EVMTreasury(
                chain: "tempo",
                chainID: 42_431,
                address: Self.treasury,
                tokens: [Self.token: .pathusd],
            ),
            finality: finality,
        )
        watching.firstBlock = firstBlock
        watching.blocksAtOnce = 3
        watching.quorum = quorum
        watching.hintsAgain = hintsAgain
        let (alerts, store) = (alerts, store ?? self.store)
        return EVMWatcher(
            watching,
            nodes: [first ?? chain] + witnesses,
            unread: unread(over: store, at: clock),
            store: store,
            now: { clock.now },
            tell: { if $0.stopsReading { alerts.add("\($0.blocks) behind") } },
        )
    }

    func unread(
        over store: MemoryStore? = nil,
        at clock: HandClock = HandClock(at: .second(100)),
    ) -> UnreadTransactions<MemoryStore> {
        UnreadTransactions(
            chain: "tempo",
            store: store ?? self.store,
            now: { clock.now },
            tell: alerts.add,
        )
    }

    /// Another node of the same chain: what is mined alike has the same names.
    func nodes(_ count: Int) -> [HandEVMChain] {
        (0..<count).map { _ in HandEVMChain(chainID: 42_431) }
    }

    func pay(_ amount: Amount, code: String? = nil) -> HandEVMChain.Transfer {
        let memo =
            (code ?? self.code).utf8.count == 32
            ? EVMWord(bytes: Array((code ?? self.code).utf8)) : nil
        return HandEVMChain.Transfer(
            amount,
            of: Self.token,
            from: Self.user,
            to: Self.treasury,
            memo: memo,
        )
    }

    func addCustomer() async throws {
        let customer = Customer(
            id: "acme",
            depositCode: code,
            label: "",
            createdAt: .second(1),
        )
        try await store.write(.durable) { try $0.insert(customer) }
    }

    func balance(in store: MemoryStore? = nil) async throws -> Int64 {
        try await (store ?? self.store).read { $0.balance(of: .customer("acme", .pathusd)).posted }
    }

    @Test func `a deposit is credited once it is final, however often it is looked for`()
        async throws
    {
        try await addCustomer()
        let watcher = watcher()
        chain.mine([pay(700)])
        let seen = try await watcher.look()
        #expect(seen.map(\.deposit.state) == [.seen])
        #expect(try await balance() == 0)
        chain.finalise()
        for _ in 0..<3 { _ = try await watcher.look() }
        #expect(try await balance() == 700)
    }

    @Test func `every block is read, in spans, also after a restart in the middle`() async throws {
        try await addCustomer()
        for _ in 0..<10 { chain.mine([pay(1)], [pay(10), pay(100)]) }
        chain.finalise()
        // The fourth question for receipts fails, and so each look ends there.
        for _ in 0..<40 {
            chain.fail("eth_getTransactionReceipt", [nil, nil, nil, .timedOut])
            do { _ = try await watcher().look() } catch is RPCFailure { continue }
        }
        while try await balance() < 1110 {
            do { _ = try await watcher().look() } catch is RPCFailure { continue }
        }
        #expect(try await balance() == 1110)
    }

    @Test(
        arguments: [
            RPCFailure.unreachable, .timedOut, .status(500), .tooLarge,
            .malformed(method: "x"), .refused(method: "x", code: -32_000, "busy"),
        ],
        [
            "eth_chainId", "eth_blockNumber", "eth_getBlockByNumber", "eth_getLogs",
            "eth_getTransactionReceipt",
        ],
    )
    func `a node that fails at any question loses nothing and doubles nothing`(
        _ failure: RPCFailure,
        _ method: String,
    ) async throws {
        try await addCustomer()
        chain.mine([pay(5)])
        chain.finalise()
        chain.mine([pay(7)])
        let watcher = watcher()
        for failures in 0..<4 {
            chain.fail(method, Array(repeating: nil, count: failures) + [failure])
            do { _ = try await watcher.look() } catch let found as RPCFailure {
                #expect(found == failure)
            }
        }
        chain.finalise()
        for _ in 0..<5 {
            do { _ = try await watcher.look() } catch is RPCFailure { continue }
        }
        #expect(try await balance() == 12)
    }

    @Test func `logs in another order, and told twice, are each credited once`() async throws {
        try await addCustomer()
        for _ in 0..<4 { chain.mine([pay(1)], [pay(10), pay(100)]) }
        chain.turnLists()
        _ = try await watcher().look()
        chain.finalise()
        for _ in 0..<3 { _ = try await watcher().look() }
        #expect(try await balance() == 444)
    }

    @Test(arguments: [1, 2, 6])
    func `nodes at different heights that answer in turn lose nothing and take nothing back`(
        _ lag: Int
    ) async throws {
        try await addCustomer()
        var outcomes: [DepositOutcome] = []
        for _ in 0..<6 {
            chain.mine([pay(1)], [pay(10)])
            chain.finalise()
            _ = try await watcher().look()
            chain.lag(by: lag)
            for _ in 0..<8 {
                do { try await watcher().look(&outcomes) } catch is RPCFailure { continue }
            }
            chain.lag(by: 0)
        }
        #expect(try await balance() == 66)
        #expect(outcomes.filter(\.isAlert).isEmpty)
    }

    @Test func `what a look found before it failed is told`() async throws {
        try await addCustomer()
        chain.mine([pay(5)])
        chain.finalise()
        _ = try await watcher().look()
        chain.reorganise(1)
        chain.fail("eth_blockNumber", [.timedOut])
        var outcomes: [DepositOutcome] = []
        await #expect(throws: RPCFailure.timedOut) { try await watcher().look(&outcomes) }
        #expect(outcomes.map(\.isAlert) == [true])
        #expect(try await watcher().look().isEmpty)
    }

    @Test(arguments: ["eth_getTransactionReceipt", "eth_getBlockByNumber"])
    func `an answer of null is asked for again`(_ method: String) async throws {
        try await addCustomer()
        chain.mine([pay(5)])
        chain.finalise()
        chain.answerNull(method)
        await #expect(throws: RPCFailure.self) { try await watcher().look() }
        #expect(try await balance() == 0)
        _ = try await watcher().look()
        #expect(try await balance() == 5)
    }

    @Test func `a receipt of a block that never came to be is not believed, whoever names it`()
        async throws
    {
        try await addCustomer()
        let hash = try #require(chain.mine([pay(5)]).first)
        for isFinal in [false, true] {
            chain.misplace(true)
            if isFinal {
                await #expect { _ = try await watcher().look() } throws: {
                    ($0 as? RPCFailure)?.code == "node_inconsistent"
                }
            } else {
                #expect(try await watcher().look().isEmpty)
            }
            await #expect(throws: RPCFailure.self) { _ = try await watcher().claim(hash) }
            #expect(try await store.read { $0.deposits(in: .seen, after: nil, limit: 9) }.isEmpty)
            #expect(try await balance() == 0)
            chain.finalise()
        }
        chain.misplace(false)
        _ = try await watcher().look()
        #expect(try await balance() == 5)
    }

    @Test func `a node of another chain is not believed`() async throws {
        let other = HandEVMChain(chainID: 1)
        other.mine([pay(5)])
        other.finalise()
        let watching = EVMWatching(
            EVMTreasury(
                chain: "tempo",
                chainID: 42_431,
                address: Self.treasury,
                tokens: [Self.token: .pathusd],
            ),
            finality: .finalized,
        )
        let watcher = EVMWatcher(watching, nodes: [other], unread: unread(), store: store) {
            .second(1)
        }
        await #expect(throws: RPCFailure.wrongChain(expected: "42431", found: "0x1")) {
            try await watcher.look()
        }
        #expect(other.asked == ["eth_chainId"])
    }

    @Test func `what was seen and left the chain is dropped, and may come back`() async throws {
        try await addCustomer()
        let watcher = watcher()
        chain.mine([pay(5)])
        _ = try await watcher.look()
        chain.reorganise(1)
        let dropped = try await watcher.look()
        #expect(dropped.map(\.deposit.state) == [.reversed(.seen)])
        chain.finalise()
        _ = try await watcher.look()
        #expect(try await balance() == 0)
    }

    @Test func `what moves to another block is the same deposit`() async throws {
        try await addCustomer()
        let watcher = watcher()
        chain.mine([pay(1)], [pay(5)])
        _ = try await watcher.look()
        chain.reorganise(1, keeping: true)
        _ = try await watcher.look()
        chain.finalise()
        _ = try await watcher.look()
        #expect(try await balance() == 6)
    }

    @Test func `what leaves the chain after it was credited is taken back, and given again`()
        async throws
    {
        try await addCustomer()
        let watcher = watcher()
        chain.mine([pay(5)])
        chain.finalise()
        _ = try await watcher.look()
        #expect(try await balance() == 5)
        chain.reorganise(1)
        let outcomes = try await watcher.look()
        #expect(outcomes.map(\.isAlert) == [true])
        #expect(try await balance() == 0)
    }

    @Test(arguments: [1, 2, 3, 9])
    func `what was seen on a chain is read to its end, a few at a time`(_ page: Int) async throws {
        try await addCustomer()
        chain.mine([pay(1)], [pay(10)], [pay(100)])
        _ = try await watcher().look()
        try await store.write(.durable) { transaction in
            for other in ["base", "zora"] {
                try transaction.observe(.sample(0, on: other, isFinal: false), at: .second(1))
            }
        }
        let seen = try await store.deposits(on: "tempo", in: .seen, page: page)
        #expect(seen.map(\.id.chain) == Array(repeating: "tempo", count: 3))
        #expect(Set(seen.map(\.event.amount)) == [1, 10, 100])
    }

    @Test func `what was seen is credited though a thousand of other chains were seen before`()
        async throws
    {
        try await addCustomer()
        let hash = try #require(chain.mine([pay(5)]).first)
        _ = try await watcher().look()
        try await store.write(.durable) { transaction in
            for number in 0..<1001 {
                try transaction.observe(.sample(number, isFinal: false), at: .second(1))
            }
        }
        chain.leaveOut(hash)
        chain.finalise()
        _ = try await watcher().look()
        #expect(try await balance() == 5)
    }

    @Test
    func `a transaction that nobody can read stops no other, and is credited once it is read`()
        async throws
    {
        try await addCustomer()
        chain.mine([pay(1)])
        chain.mine([pay(70)])
        chain.finalise()
        chain.fail("eth_getTransactionReceipt", [.tooLarge, nil, .tooLarge])
        _ = try await watcher().look()
        #expect(try await balance() == 70)
        for _ in 0..<2 { _ = try await watcher().look() }
        #expect(try await balance() == 71)
    }

    @Test(arguments: [
        RPCFailure.tooLarge, .malformed(method: "eth_getTransactionReceipt"), .missing("it"),
        .inconsistent("it is another's"),
        .refused(method: "eth_getTransactionReceipt", code: -32_000, "it is not indexed"),
    ])
    func `what is not final and can not be read keeps nothing else from being read`(
        _ failure: RPCFailure
    ) async throws {
        try await addCustomer()
        let unread = try #require(chain.mine([pay(1)]).first)
        // Beyond the blocks that are listed again.
        for _ in 0..<100 { chain.mine() }
        chain.finalise()
        chain.withhold(unread, .tooLarge)
        let watcher = watcher()
        _ = try await watcher.look()
        #expect(try await store.read { $0.unreadCounts(on: "tempo") } == [1: 1])
        let new = try #require(chain.mine([pay(5)]).first)
        chain.mine([pay(70)])
        chain.withhold(unread, nil)
        chain.withhold(new, failure)
        _ = try await watcher.look()
        #expect(try await balance() == 1)
        #expect(try await store.deposits(on: "tempo", in: .seen).map(\.event.amount) == [70])
        chain.withhold(new, nil)
        chain.finalise()
        _ = try await watcher.look()
        #expect(try await balance() == 76)
    }

    @Test func `a list that is too long for a node is asked for in parts`() async throws {
        try await addCustomer()
        for amount in [1, 20, 300] as [Amount] { chain.mine([pay(amount)]) }
        chain.finalise()
        let tooMany = RPCFailure.refused(method: "eth_getLogs", code: -32_005, "too many")
        chain.fail("eth_getLogs", [tooMany])
        // One block that is refused is no part of anything.
        let failures = [tooMany, tooMany, nil]
        _ = try await watcher().look()
        #expect(try await balance() == 321)
        chain.mine([pay(4000)])
        chain.finalise()
        chain.fail("eth_getLogs", failures)
        for _ in 0..<2 { _ = try? await watcher().look() }
        #expect(try await balance() == 4321)
    }

    @Test func `a hash that somebody names is read at once, and credited once`() async throws {
        try await addCustomer()
        let watcher = watcher()
        let hash = try #require(chain.mine([pay(5)]).first)
        for _ in 0..<2 {
            guard case .deposits(let outcomes) = try await watcher.claim(hash) else {
                Issue.record("there is a deposit")
                return
            }
            #expect(outcomes.map(\.deposit.state) == [.seen])
        }
        chain.finalise()
        await withThrowingTaskGroup { group in
            for _ in 0..<50 {
                group.addTask { _ = try await watcher.claim(hash) }
                group.addTask { _ = try await watcher.look() }
            }
        }
        #expect(try await balance() == 5)
        let failed = try #require(chain.mine([pay(5)], hasSucceeded: false).first)
        guard case .noDeposit = try await watcher.claim(failed),
            case .notFound = try await watcher.claim(EVMWord(Amount(1)))
        else {
            Issue.record("there is no deposit")
            return
        }
    }

    @Test func `a chain whose blocks are final at once credits at once`() async throws {
        try await addCustomer()
        chain.mine([pay(5)])
        _ = try await watcher(.depth(0)).look()
        #expect(try await balance() == 5)
        chain.mine([pay(7)])
        _ = try await watcher(.depth(1)).look()
        #expect(try await balance() == 5)
    }
}
