import ChainFormats
import Deposits
import GatewayTestKit
import Primitives
import Testing

@testable import Watching

/// What witnesses list, and how often the first node is asked for it.
extension EVMWatcherTests {
    @Test func `what is remembered because a witness lists it is not asked for because it does`()
        async throws
    {
        let witness = nodes(1)[0]
        for _ in 0..<30 {
            chain.mine()
            witness.mine([pay(999)])
        }
        for node in [chain, witness] { node.finalise() }
        let watcher = watcher(witnesses: [witness])
        // Some are tried again at each look, in turn.
        #expect(try await receiptsAsked(by: watcher, looks: 3) == [50, 10, 20])
        #expect(try await store.read { $0.unreadCounts(on: "tempo") } == [2: 30])
    }

    @Test func `of what there is no room for, some are asked for at a look, each in its turn`()
        async throws
    {
        try await addCustomer()
        let witness = nodes(1)[0]
        try await fillRoom(of: 2)
        let hidden = try await hide([1, 2, 3, 4, 5], beside: [witness])
        for hash in hidden.dropLast() { chain.withhold(hash, .tooLarge) }
        // Beyond the blocks that are listed again.
        for node in [chain, witness] {
            for _ in 0..<100 { node.mine() }
            node.mine([pay(70)])
            node.finalise()
        }
        let watcher = watcher(witnesses: [witness], hintsAgain: 1)
        // Twenty are tried again at each look; of the others one that is listed and one that waits. The last
        // block's own is asked for at each look.
        #expect(try await receiptsAsked(by: watcher, looks: 3) == [23, 22, 22])
        #expect(try await balance() == 70)
        #expect(try await receiptsAsked(by: watcher, looks: 2) == [22, 21])
        #expect(try await balance() == 75)
    }

    @Test func `a hint without a deposit is asked for once, and no more than some at a look`()
        async throws
    {
        try await addCustomer()
        let witness = nodes(1)[0]
        let hidden = try await hide([1, 2, 3, 4, 5], beside: [witness])
        for hash in hidden.dropLast() { chain.forge(hash, []) }
        let watcher = watcher(witnesses: [witness], hintsAgain: 1)
        // Two at the first look, one that is listed and one that waits; at last the one with a deposit alone.
        #expect(try await receiptsAsked(by: watcher, looks: 6) == [2, 1, 1, 1, 1, 1])
        #expect(try await balance() == 5)
    }

    @Test func `what an honest witness lists, too, waits for nothing that another makes up`()
        async throws
    {
        try await addCustomer()
        let (liar, honest) = (nodes(1)[0], nodes(1)[0])
        try await fillRoom(of: 2)
        let hidden = try await hide([1, 2, 3, 4, 5], beside: [liar, honest])
        for hash in hidden.dropLast() {
            chain.withhold(hash, .tooLarge)
            honest.leaveOut(hash)
        }
        _ = try await watcher(witnesses: [liar, honest], hintsAgain: 1).look()
        #expect(try await balance() == 5)
    }

    @Test func `what waits for its turn is the first node's own once that one lists it`()
        async throws
    {
        try await addCustomer()
        let witness = nodes(1)[0]
        try await fillRoom(of: 2)
        let hidden = try await hide([1, 2, 3, 4, 5], beside: [witness])
        for hash in hidden { chain.withhold(hash, .tooLarge) }
        let watcher = watcher(witnesses: [witness], hintsAgain: 1)
        _ = try await watcher.look()
        chain.listAll()
        for hash in hidden { chain.withhold(hash, nil) }
        _ = try await watcher.look()
        #expect(try await balance() == 15)
    }

    @Test func `of each witness so many wait and no more, and each once`() {
        let turns = HintTurns()
        let hints = (0..<4).map { Hint(transaction: EVMWord(Amount($0)), nodes: [2]) }
        for hint in hints + hints { turns.wait(hint, atMost: 3) }
        #expect(turns.waiting() == Array(hints.prefix(3)))
        // Another witness lists one of them and the one that there is no room for.
        let (first, last) = (hints[0].transaction, hints[3].transaction)
        let others = [first, last].map { Hint(transaction: $0, nodes: [2, 3]) }
        #expect(turns.open(hints + others) == [hints[3]] + others)
        for hint in others { turns.wait(hint, atMost: 3) }
        #expect(
            turns.waiting() == [Hint(transaction: first, nodes: [2, 3])] + hints[1...2]
                + [Hint(transaction: last, nodes: [3])]
        )
        for hint in hints { turns.end(hint.transaction) }
        for hint in hints { turns.wait(hint, atMost: 3) }
        #expect(turns.waiting() == Array(hints.prefix(3)))
    }

    /// How often the first node is asked for a receipt, at each of some looks.
    private func receiptsAsked(
        by watcher: EVMWatcher<HandEVMChain, MemoryStore>,
        looks: Int,
    ) async throws -> [Int] {
        var asked: [Int] = []
        for _ in 0..<looks {
            chain.forgetAsked()
            _ = try await watcher.look()
            asked.append(chain.asked.count { $0 == "eth_getTransactionReceipt" })
        }
        return asked
    }

    /// Mines final blocks of which the first node lists nothing, each with a deposit.
    private func hide(
        _ amounts: [Amount],
        beside witnesses: [HandEVMChain],
    ) async throws -> [EVMWord] {
        var hidden: [EVMWord] = []
        for node in [chain] + witnesses {
            hidden = amounts.flatMap { node.mine([pay($0)]) }
            node.finalise()
        }
        for hash in hidden { chain.leaveOut(hash) }
        return hidden
    }

    private func fillRoom(of witness: Int) async throws {
        let unread = unread()
        for number in 0..<1000 {
            let name = "\(EVMWord(Amount(Int64(number))))"
            try await unread.remember(name, .missing("it"), listedBy: [witness])
        }
    }
}
