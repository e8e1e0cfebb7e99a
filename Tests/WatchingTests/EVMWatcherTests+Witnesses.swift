import ChainFormats
import Deposits
import GatewayTestKit
import Primitives
import Testing

@testable import Watching

/// What the nodes beside the first list, and what a quorum says.
extension EVMWatcherTests {
    @Test func `a block that too few nodes know credits nothing, and stops nothing`() async throws {
        try await addCustomer()
        let (alone, agreeing) = (HandEVMChain(chainID: 42_431), HandEVMChain(chainID: 42_431))
        chain.mine([pay(5)])
        chain.finalise()
        // Its first block is another one.
        alone.mine()
        alone.reorganise(1)
        alone.finalise()
        _ = try await watcher(witnesses: [alone], quorum: 2).look()
        #expect(try await balance() == 0)
        #expect(try await unreadCounts() == [1: 1])
        // Its first block has the same name.
        agreeing.mine([pay(5)])
        agreeing.finalise()
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
        _ = try await watcher(witnesses: witnesses, quorum: quorum).look()
        #expect(try await balance() == credited)
    }

    /// What a node beside the first makes of a transaction that the first lists.
    enum Word: Sendable { case agrees, lies, isSilent }
    /// What becomes of that transaction and of the other one beside it.
    enum Fate: Sendable { case credited, leftBehind, waitedFor }

    @Test(
        arguments: [
            (2, [.agrees], .credited), (2, [.lies], .leftBehind), (2, [.isSilent], .waitedFor),
            (2, [.isSilent, .agrees], .credited), (2, [.isSilent, .lies], .leftBehind),
            (3, [.lies, .agrees], .leftBehind), (3, [.lies, .lies], .leftBehind),
            (3, [.isSilent, .agrees], .waitedFor), (3, [.lies, .isSilent], .waitedFor),
            (3, [.isSilent, .isSilent], .waitedFor),
        ] as [(Int, [Word], Fate)],
        [
            RPCFailure.unreachable, .timedOut, .status(503),
            .refused(method: "eth_getTransactionReceipt", code: -32_005, "limit exceeded"),
        ],
    )
    func `one that enough nodes answer otherwise is left behind alone, and no quorum leaves none`(
        _ row: (quorum: Int, words: [Word], fate: Fate),
        _ silence: RPCFailure,
    ) async throws {
        try await addCustomer()
        let witnesses = nodes(row.words.count)
        var disputed = EVMWord(Amount.zero)
        for node in [chain] + witnesses {
            disputed = try #require(node.mine([pay(5)], [pay(70)]).first)
            node.finalise()
        }
        for (witness, word) in zip(witnesses, row.words) {
            switch word {
            case .agrees: break
            case .lies: witness.forge(disputed, [pay(999)])
            case .isSilent: witness.withhold(disputed, silence)
            }
        }
        let watcher = watcher(witnesses: witnesses, quorum: row.quorum)
        switch row.fate {
        case .credited, .leftBehind: _ = try await watcher.look()
        case .waitedFor:
            await #expect {
                _ = try await watcher.look()
            } throws: { ($0 as? RPCFailure)?.code == "node_quorum_missing" }
        }
        let isLeft = row.fate == .leftBehind
        #expect(try await balance() == [.credited: 75, .leftBehind: 70, .waitedFor: 0][row.fate])
        #expect(try await unreadCounts() == (isLeft ? [1: 1] : [:]))
        let mark = try await store.read { $0.cursor(of: "blocks/tempo") }
        #expect((mark == "0") == (row.fate == .waitedFor))
        for witness in witnesses {
            witness.withhold(disputed, nil)
            witness.forge(disputed, nil)
        }
        for _ in 0..<3 { _ = try await watcher.look() }
        #expect(try await balance() == 75)
        #expect(try await unreadCounts() == [:])
    }

    @Test
    func `what nodes dispute is told of after a minute, and credited once however late they agree`()
        async throws
    {
        try await addCustomer()
        let witnesses = nodes(1)
        var disputed = EVMWord(Amount.zero)
        for node in [chain] + witnesses {
            disputed = try #require(node.mine([pay(5)]).first)
            node.finalise()
        }
        witnesses[0].forge(disputed, [pay(999)])
        for (seconds, told) in [(100, 0), (159, 0), (160, 1), (999, 1)] as [(Int64, Int)] {
            // Beyond the blocks that are listed again.
            for node in [chain] + witnesses {
                for _ in 0..<100 { node.mine() }
                node.mine([pay(1)])
                node.finalise()
            }
            _ = try await watcher(
                witnesses: witnesses,
                quorum: 2,
                at: HandClock(at: .second(seconds)),
            ).look()
            #expect(alerts.told == (told == 1 ? ["\(disputed)"] : []))
        }
        #expect(try await balance() == 4)
        witnesses[0].forge(disputed, nil)
        for _ in 0..<3 { _ = try await watcher(witnesses: witnesses, quorum: 2).look() }
        #expect(try await balance() == 9)
        #expect(try await unreadCounts() == [:])
    }

    @Test(arguments: ["eth_getTransactionReceipt", "eth_getBlockByNumber"])
    func `what the first node does not answer to itself is waited for, whatever a quorum says`(
        _ method: String
    ) async throws {
        try await addCustomer()
        let witnesses = nodes(2)
        for node in [chain] + witnesses {
            node.mine([pay(5)])
            node.finalise()
        }
        chain.answerNull(method, times: 2)
        let watcher = watcher(.depth(0), witnesses: witnesses, quorum: 2)
        for _ in 0..<2 {
            await #expect(throws: RPCFailure.self) { try await watcher.look() }
            #expect(try await unreadCounts() == [:])
        }
        _ = try await watcher.look()
        #expect(try await balance() == 5)
    }

    @Test(arguments: [
        RPCFailure.status(429), .timedOut, .unreachable,
        .refused(method: "eth_getTransactionReceipt", code: -32_005, "limit exceeded"),
    ])
    func `what a witness lists and the first node does not answer to delays nothing of its own`(
        _ failure: RPCFailure
    ) async throws {
        try await addCustomer()
        let witnesses = nodes(1)
        var hidden: [EVMWord] = []
        for node in [chain] + witnesses {
            node.mine([pay(70)])
            hidden = node.mine([pay(5)], [pay(600)])
            // More than one span.
            for _ in 0..<9 { node.mine() }
            node.mine([pay(1)])
            node.finalise()
            node.mine([pay(8000)])
        }
        for hash in hidden {
            chain.leaveOut(hash)
            chain.withhold(hash, failure)
        }
        let watcher = watcher(witnesses: witnesses)
        _ = try await watcher.look()
        #expect(try await balance() == 71)
        #expect(try await store.deposits(on: "tempo", in: .seen).count == 1)
        #expect(try await unreadCounts() == [2: 2])
        #expect(try await store.read { $0.cursor(of: "blocks/tempo") } == "13")
        // Three of its own; then of those that a witness lists, and of those that are remembered, one where it
        // answers to none, and both where it may answer to another.
        let asked = failure.isOfOneThing ? 7 : 5
        #expect(chain.asked.count { $0 == "eth_getTransactionReceipt" } == asked)
        for node in [chain] + witnesses {
            for _ in 0..<100 { node.mine() }
            node.finalise()
        }
        _ = try await watcher.look()
        #expect(try await balance() == 8071)
        #expect(try await unreadCounts() == [2: 2])
        // Beyond the blocks that are listed again.
        for hash in hidden { chain.withhold(hash, nil) }
        for _ in 0..<2 { _ = try await watcher.look() }
        #expect(try await balance() == 8676)
        #expect(try await unreadCounts() == [:])
    }

    @Test(.timeLimit(.minutes(5)))
    func `the nodes beside the first are asked of a receipt at once`() async throws {
        try await addCustomer()
        let witnesses = nodes(2)
        for node in [chain] + witnesses {
            node.mine([pay(5)])
            node.finalise()
        }
        for (one, other) in [(0, 1), (1, 0)] {
            witnesses[one].hold("eth_getTransactionReceipt", until: witnesses[other])
        }
        _ = try await watcher(witnesses: witnesses, quorum: 3).look()
        #expect(try await balance() == 5)
    }

    @Test(.timeLimit(.minutes(5)), arguments: [0, 1])
    func `a witness that hangs holds up nothing that enough others agree on`(
        _ place: Int
    ) async throws {
        try await addCustomer()
        let witnesses = nodes(2)
        for node in [chain] + witnesses {
            for _ in 0..<9 { node.mine([pay(5)]) }
            node.finalise()
        }
        // Nobody asks that one.
        witnesses[place].hold("eth_getTransactionReceipt", until: nodes(1)[0])
        _ = try await watcher(witnesses: witnesses, quorum: 2).look()
        #expect(try await balance() == 45)
    }

    @Test(arguments: [RPCFailure.timedOut, .unreachable])
    func `a witness that is silent on one receipt is asked of no other at this look`(
        _ silence: RPCFailure
    ) async throws {
        try await addCustomer()
        let (silent, liar) = (nodes(1)[0], nodes(1)[0])
        var disputed: [EVMWord] = []
        for node in [chain, silent, liar] {
            disputed = node.mine([pay(5)], [pay(600)])
            node.mine([pay(70)])
            node.finalise()
        }
        let watcher = watcher(witnesses: [silent, liar], quorum: 2)
        for hash in disputed {
            silent.withhold(hash, silence)
            liar.forge(hash, [])
        }
        for _ in 0..<2 {
            silent.forgetAsked()
            _ = try await watcher.look()
            #expect(silent.asked.count { $0 == "eth_getTransactionReceipt" } == 1)
            #expect(try await balance() == 70)
            #expect(try await unreadCounts() == [1: 2])
        }
        for hash in disputed { silent.withhold(hash, nil) }
        _ = try await watcher.look()
        #expect(try await balance() == 675)
        #expect(try await unreadCounts() == [:])
    }

    private func unreadCounts() async throws -> [Int: Int] {
        try await store.read { $0.unreadCounts(on: "tempo") }
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
        // It is asked twice: once more for what could not be read.
        witnesses[0].answerNull("eth_getBlockByNumber", times: 2)
        let watcher = watcher(.depth(0), witnesses: witnesses, quorum: 2)
        _ = try await watcher.look()
        #expect(try await balance() == 0)
        #expect(try await unreadCounts() == [1: 1])
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
        // Two of three tell it so, and three were asked for.
        for node in late {
            node.mine([pay(5)])
            node.forge(hidden, [])
            node.finalise()
        }
        for _ in 0..<2 { _ = try await watcher(witnesses: witnesses + late, quorum: 3).look() }
        #expect(try await balance() == 70)
        #expect(try await unreadCounts() == [2: 1])
        for node in late { node.forge(hidden, nil) }
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
            _ = try await watcher(witnesses: liars, quorum: 2, at: HandClock(at: .second(seconds)))
                .look()
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
        #expect(try await unreadCounts() == [2: 1, 3: 1])
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
        #expect(try await unreadCounts() == [:])
    }
}
