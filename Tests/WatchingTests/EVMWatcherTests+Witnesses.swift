import ChainFormats
import Deposits
import GatewayTestKit
import Primitives
import Testing

@testable import Watching

/// What the nodes beside the first list, and what a quorum says.
extension EVMWatcherTests {
    @Test func `a block that too few nodes know credits nothing`() async throws {
        try await addCustomer()
        let (alone, agreeing) = (HandEVMChain(chainID: 42_431), HandEVMChain(chainID: 42_431))
        chain.mine([pay(5)])
        chain.finalise()
        await #expect(throws: RPCFailure.self) {
            try await watcher(witnesses: [alone], quorum: 2).look()
        }
        #expect(try await balance() == 0)
        // Its first block has the same name.
        agreeing.mine([pay(5)])
        _ = try await watcher(witnesses: [alone, agreeing], quorum: 2).look()
        #expect(try await balance() == 5)
    }

    /// Which node lies about a receipt in a block that all have: the first is 0.
    @Test(
        arguments: [
            (0, 1, 999), (0, 2, 0), (0, 3, 0), (1, 1, 5), (1, 2, 5), (1, 3, 0), (2, 2, 5),
            (2, 3, 0),
        ] as [(Int, Int, Int64)]
    )
    func `what so many nodes say of a receipt is credited, and no block's hash alone`(
        _ liar: Int,
        _ quorum: Int,
        _ credited: Int64,
    ) async throws {
        try await addCustomer()
        let witnesses = nodes(2)
        for (place, node) in ([chain] + witnesses).enumerated() {
            let hash = try #require(node.mine([pay(5)]).first)
            if place == liar { node.forge(hash, [pay(999)]) }
            node.finalise()
        }
        _ = try? await watcher(witnesses: witnesses, quorum: quorum).look()
        #expect(try await balance() == credited)
    }

    @Test func `a witness without the block does not agree, whatever receipts it has`()
        async throws
    {
        try await addCustomer()
        let witnesses = nodes(1)
        for node in [chain] + witnesses {
            node.mine([pay(5)])
            node.finalise()
        }
        witnesses[0].answerNull("eth_getBlockByNumber")
        let watcher = watcher(witnesses: witnesses, quorum: 2)
        await #expect(throws: RPCFailure.self) { try await watcher.look() }
        #expect(try await balance() == 0)
        _ = try await watcher.look()
        #expect(try await balance() == 5)
    }

    @Test func `what one node alone takes back stays, where a quorum credited it`() async throws {
        try await addCustomer()
        let witness = HandEVMChain(chainID: 42_431)
        for node in [chain, witness] {
            node.mine([pay(5)])
            node.finalise()
        }
        let watcher = watcher(witnesses: [witness], quorum: 2)
        _ = try await watcher.look()
        chain.reorganise(1)
        _ = try? await watcher.look()
        #expect(try await balance() == 5)
        witness.reorganise(1)
        _ = try? await watcher.look()
        #expect(try await balance() == 0)
    }

    @Test(arguments: [1, 2, 3])
    func `what the first node's list leaves out and another's has is credited by the quorum`(
        _ quorum: Int
    ) async throws {
        try await addCustomer()
        let witnesses = nodes(2)
        for node in [chain] + witnesses {
            let hash = try #require(node.mine([pay(5)]).first)
            if node !== witnesses[1] { node.leaveOut(hash) }
            node.mine([pay(70)])
            node.finalise()
        }
        let watcher = watcher(witnesses: witnesses, quorum: quorum)
        for _ in 0..<3 { _ = try await watcher.look() }
        #expect(try await balance() == 75)
        #expect(alerts.told.isEmpty)
    }

    @Test func `what too few nodes confirm is credited when enough do, and holds up nothing`()
        async throws
    {
        try await addCustomer()
        let (witnesses, late) = (nodes(1), nodes(1))
        for node in [chain] + witnesses + late {
            node.mine([pay(70)])
            node.finalise()
        }
        let hidden = try #require(witnesses[0].mine([pay(5)]).first)
        witnesses[0].finalise()
        chain.mine([pay(5)])
        chain.leaveOut(hidden)
        chain.finalise()
        // Two of three know the block, and three were asked for.
        for _ in 0..<2 { _ = try await watcher(witnesses: witnesses + late, quorum: 3).look() }
        #expect(try await balance() == 70)
        for node in late {
            node.mine([pay(5)])
            node.finalise()
        }
        _ = try await watcher(witnesses: witnesses + late, quorum: 3).look()
        #expect(try await balance() == 75)
    }

    @Test func `what another node alone has is not credited, and told of after a minute`()
        async throws
    {
        try await addCustomer()
        let liars = nodes(2)
        chain.mine([pay(70)])
        chain.mine()
        chain.finalise()
        let made = try liars.map { liar in
            liar.mine([pay(70)])
            let hash = try #require(liar.mine([pay(999)]).first)
            liar.finalise()
            return hash
        }
        for (seconds, told) in [(100, 0), (159, 0), (160, 1), (999, 1)] as [(Int64, Int)] {
            _ = try await watcher(witnesses: liars, quorum: 2, at: .second(seconds)).look()
            #expect(alerts.told == made.prefix(told).map { "\($0)" })
        }
        #expect(try await balance() == 70)
    }

    @Test func `what a witness makes up is its own, though others list it, too`() async throws {
        let liars = nodes(2)
        chain.mine()
        chain.finalise()
        for liar in liars {
            liar.mine([pay(999)])
            liar.finalise()
        }
        liars[1].mine([pay(1)])
        liars[1].finalise()
        chain.mine()
        chain.finalise()
        for _ in 0..<2 { _ = try await watcher(witnesses: liars).look() }
        #expect(try await store.read { $0.unreadCounts(on: "tempo") } == [2: 1, 3: 1])
    }

    @Test(arguments: [
        ("eth_chainId", RPCFailure.timedOut, ["eth_chainId"]),
        ("eth_getLogs", .unreachable, ["eth_chainId", "eth_getLogs"]),
        (
            "eth_getLogs", .refused(method: "eth_getLogs", code: -32_005, ""),
            ["eth_chainId", "eth_getLogs"],
        ),
    ])
    func `a witness that does not answer stops no look, and is not asked on at it`(
        _ method: String,
        _ failure: RPCFailure,
        _ asked: [String],
    ) async throws {
        try await addCustomer()
        let witnesses = nodes(1)
        // More than one span.
        for _ in 0..<9 { chain.mine([pay(1)]) }
        chain.finalise()
        witnesses[0].fail(method, Array(repeating: failure, count: 9))
        _ = try await watcher(witnesses: witnesses).look()
        #expect(try await balance() == 9)
        #expect(witnesses[0].asked == asked)
    }

    @Test
    func
        `a witness is asked for its chain and one list of logs at a look, and one of another chain no more`()
        async throws
    {
        let (witnesses, other) = (nodes(2), HandEVMChain(chainID: 1))
        other.mine([pay(5)])
        for node in [chain, other] + witnesses {
            node.mine([pay(5)])
            node.finalise()
        }
        for _ in 0..<2 {
            _ = try await watcher(witnesses: witnesses + [other]).look()
            #expect(
                witnesses.map(\.asked) == [
                    ["eth_chainId", "eth_getLogs"], ["eth_chainId", "eth_getLogs"],
                ]
            )
            #expect(other.asked == ["eth_chainId"])
            for node in witnesses + [other] { node.forgetAsked() }
        }
        #expect(try await store.read { $0.unreadCounts(on: "tempo") } == [:])
    }
}
