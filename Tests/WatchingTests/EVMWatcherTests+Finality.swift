import ChainFormats
import Deposits
import GatewayTestKit
import Logging
import Primitives
import Testing

@testable import Watching

/// Which blocks are final, by the word of so many nodes.
extension EVMWatcherTests {
    @Test(
        arguments: [
            ([9], 1, 9), ([9, 3], 1, 9), ([9, nil], 1, 9), ([9, 3], 2, 3), ([3, 9], 2, 3),
            ([9, 9], 2, 9), ([9, 3, 9], 2, 9), ([9, 3, 5], 2, 5), ([3, 9, 9], 2, 3),
            ([9, 3, 5], 3, 3), ([9, nil, 4], 2, 4), ([9, nil], 2, nil), ([9, nil, 4], 3, nil),
            ([9, nil, nil], 2, nil),
        ] as [([Int?], Int, Int64?)]
    )
    func `a block is final when as many nodes say so as have to agree, the first one among them`(
        _ told: [Int?],
        _ quorum: Int,
        _ expected: Int64?,
    ) async throws {
        let nodes = nodes(told.count)
        for (node, final) in zip(nodes, told) {
            for _ in 0..<9 { node.mine() }
            node.finalise(upTo: final)
            if final == nil { node.fail(.timedOut) }
        }
        let asked = nodes.map(EVMNode.init)
        let others = Array(asked.dropFirst())
        do throws(RPCFailure) {
            let last = try await asked[0].lastFinal(.finalized, with: others, by: quorum)
            #expect(last == expected)
        } catch {
            #expect(expected == nil && error.code == "node_quorum_missing")
        }
    }

    @Test func `what too few nodes call final is not credited, and neither unread nor told of`()
        async throws
    {
        try await addCustomer()
        let witness = nodes(1)[0]
        var late = EVMWord(Amount.zero)
        for node in [chain, witness] {
            node.mine([pay(70)])
            node.finalise()
            late = try #require(node.mine([pay(5)]).first)
        }
        chain.finalise()
        for seconds in [100, 999] as [Int64] {
            let watcher = watcher(
                witnesses: [witness],
                quorum: 2,
                at: HandClock(at: .second(seconds)),
            )
            _ = try await watcher.look()
            guard case .deposits(let claimed) = try await watcher.claim(late) else {
                Issue.record("it is there")
                return
            }
            #expect(claimed.map(\.deposit.state) == [.seen])
            #expect(try await balance() == 70)
            #expect(try await store.read { $0.unreadCounts(on: "tempo") } == [:])
            #expect(try await store.read { $0.cursor(of: "blocks/tempo") } == "2")
            #expect(alerts.told.isEmpty)
        }
        witness.finalise()
        let watcher = watcher(witnesses: [witness], quorum: 2)
        for _ in 0..<2 { _ = try await watcher.look() }
        #expect(try await balance() == 75)
        #expect(try await store.read { $0.cursor(of: "blocks/tempo") } == "3")
    }

    @Test func `two of three decide what is final`() async throws {
        try await addCustomer()
        let witnesses = nodes(2)
        for node in [chain] + witnesses {
            node.mine([pay(5)])
            if node !== witnesses[0] { node.finalise() }
        }
        _ = try await watcher(witnesses: witnesses, quorum: 3).look()
        #expect(try await balance() == 0)
        _ = try await watcher(witnesses: witnesses, quorum: 2).look()
        #expect(try await balance() == 5)
        #expect(try await store.read { $0.unreadCounts(on: "tempo") } == [:])
    }

    @Test(arguments: [true, false])
    func `where too few nodes tell what is final, or those of another chain, nothing is read`(
        _ isOfAnotherChain: Bool
    ) async throws {
        try await addCustomer()
        let witness = HandEVMChain(chainID: isOfAnotherChain ? 1 : 42_431)
        var paid = EVMWord(Amount.zero)
        for node in [chain, witness] {
            paid = try #require(node.mine([pay(5)]).first)
            node.finalise()
        }
        if !isOfAnotherChain { witness.answerNull("eth_getBlockByNumber", times: 2) }
        let lonely = watcher(witnesses: [witness], quorum: 2)
        await #expect {
            _ = try await lonely.look()
        } throws: { ($0 as? RPCFailure)?.code == "node_quorum_missing" }
        await #expect {
            _ = try await lonely.claim(paid)
        } throws: { ($0 as? RPCFailure)?.code == "node_quorum_missing" }
        #expect(try await store.read { $0.cursor(of: "blocks/tempo") } == "0")
        #expect(try await store.read { $0.unreadCounts(on: "tempo") } == [:])
        let other = nodes(1)[0]
        other.mine([pay(5)])
        other.finalise()
        _ = try await watcher(witnesses: [witness, other], quorum: 2).look()
        #expect(try await balance() == 5)
    }

    @Test func `what comes after the first start is credited, though no quorum answered then`()
        async throws
    {
        try await addCustomer()
        let witness = nodes(1)[0]
        for node in [chain, witness] {
            for _ in 0..<100 { node.mine() }
            node.finalise()
        }
        witness.fail(.unreachable)
        let watcher = watcher(witnesses: [witness], quorum: 2, firstBlock: nil)
        for _ in 0..<2 {
            await #expect(throws: RPCFailure.self) { try await watcher.look() }
            // More than is listed again.
            for node in [chain, witness] {
                node.mine([pay(5)])
                for _ in 0..<100 { node.mine() }
                node.finalise()
            }
        }
        #expect(try await store.read { $0.cursor(of: "blocks/tempo") } == "100")
        witness.fail(nil)
        _ = try await watcher.look()
        #expect(try await balance() == 10)
    }

    @Test func `what comes after the first start is credited, though nothing could be listed then`()
        async throws
    {
        try await addCustomer()
        for _ in 0..<100 { chain.mine() }
        chain.finalise()
        chain.fail("eth_getLogs", [.timedOut])
        let watcher = watcher(firstBlock: nil)
        await #expect(throws: RPCFailure.self) { try await watcher.look() }
        chain.mine([pay(5)])
        // More than is listed again.
        for _ in 0..<100 { chain.mine() }
        chain.finalise()
        _ = try await watcher.look()
        #expect(try await balance() == 5)
    }

    @Test(
        arguments: [
            (9, [], 1, 9), (900, [9], 1, 9), (9, [900], 1, 9), (900, [9, 8], 1, 9),
            (900, [9, 800], 1, 800), (9, [900, 3], 1, 9), (900, [9, 8], 2, 9),
            (900, [9, 8], 3, 8), (900, [9], 3, 9), (900, [], 2, 900), (-3, [9], 1, -3),
        ] as [(Int64, [Int64], Int, Int64)]
    )
    func `no node alone decides where a watch begins while another one answers`(
        _ own: Int64,
        _ told: [Int64],
        _ quorum: Int,
        _ expected: Int64,
    ) {
        #expect(EVMWatching.beginning(own: own, told: told, quorum: quorum) == expected)
    }

    @Test func `what comes after the first start is credited, though the first node was far ahead`()
        async throws
    {
        try await addCustomer()
        let ahead = nodes(1)[0]
        for (node, count) in [(chain, 100), (ahead, 300)] {
            for _ in 0..<count { node.mine() }
            node.finalise()
        }
        ahead.fail("eth_getLogs", [.timedOut])
        let first = watcher(first: ahead, witnesses: [chain], firstBlock: nil)
        await #expect(throws: RPCFailure.timedOut) { try await first.look() }
        #expect(try await store.read { $0.cursor(of: "blocks/tempo") } == "100")
        chain.mine([pay(5)])
        // More than is listed again.
        for _ in 0..<100 { chain.mine() }
        chain.finalise()
        _ = try await watcher(firstBlock: nil).look()
        #expect(try await balance() == 5)
    }

    @Test(arguments: [(300, nil), (237, nil), (236, 64), (100, 200)] as [(Int, Int?)])
    func `a chain that nothing is read of, for what is final is behind, is told of at each look`(
        _ final: Int,
        _ behind: Int?,
    ) async throws {
        for _ in 0..<300 { chain.mine() }
        chain.finalise()
        _ = try await watcher(firstBlock: nil).look()
        #expect(alerts.told.isEmpty)
        chain.finalise(upTo: final)
        for looks in 1...2 {
            _ = try await watcher(firstBlock: nil).look()
            let told = behind.map { "\($0) behind" }
            #expect(alerts.told == told.map { Array(repeating: $0, count: looks) } ?? [])
        }
    }

    @Test(arguments: [(0, false, 0), (63, false, 0), (64, true, 1)] as [(Int64, Bool, Int)])
    func `that nothing is read is an error, and a lag alone is none`(
        _ blocks: Int64,
        _ stopsReading: Bool,
        _ errors: Int,
    ) {
        let told = Told()
        let alert = DepositAlert("tempo", logger: Logger(label: "test") { _ in told })
        alert.tell(EVMLag(blocks: blocks, stopsReading: stopsReading))
        #expect(told.count == errors)
    }

    @Test func `a quorum has a witness asked once at a look for its chain and what is final`()
        async throws
    {
        let witness = nodes(1)[0]
        for node in [chain, witness] {
            for _ in 0..<9 { node.mine() }
            node.finalise()
        }
        _ = try await watcher(witnesses: [witness], quorum: 2).look()
        #expect(
            witness.asked.filter { $0 != "eth_getLogs" } == ["eth_chainId", "eth_getBlockByNumber"]
        )
    }
}
