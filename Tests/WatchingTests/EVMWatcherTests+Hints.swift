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
        // Twenty because they are listed, and of those that are remembered some at each look, in turn.
        #expect(try await receiptsAsked(by: watcher, looks: 3) == [40, 10, 20])
        #expect(try await store.read { $0.unreadCounts(on: "tempo") } == [2: 30])
    }

    @Test(arguments: [0, 1, 2, 3, 4, 5, 6, 7, 20, 30])
    func `a process that is killed in a look loses no hint that had no turn in it`(
        _ commits: Int
    ) async throws {
        try await addCustomer()
        let witness = nodes(1)[0]
        let hidden = try await hide([1, 2, 3, 4, 5], beside: [witness])
        for hash in hidden.dropLast() { chain.withhold(hash, .tooLarge) }
        // Beyond the blocks that are listed again.
        for node in [chain, witness] {
            for _ in 0..<100 { node.mine() }
            node.mine([pay(70)])
            node.finalise()
        }
        store.failNextCommit(after: commits)
        await #expect(throws: StoreError.self) {
            try await watcher(witnesses: [witness], hintsAgain: 1).look()
        }
        let (started, left) = (MemoryStore(), store.books)
        started.tamper { $0 = left }
        _ = try await watcher(witnesses: [witness], hintsAgain: 1, over: started).look()
        #expect(try await balance(in: started) == 75)
    }

    @Test func `of what there is no room for, no more than some are asked for at a look`()
        async throws
    {
        let witness = nodes(1)[0]
        try await fillRoom(of: 2)
        for hash in try await hide([1, 2, 3, 4, 5], beside: [witness]) {
            chain.withhold(hash, .tooLarge)
        }
        // Twenty are tried again at each look; of the others one.
        let watcher = watcher(witnesses: [witness], hintsAgain: 1)
        #expect(try await receiptsAsked(by: watcher, looks: 2) == [21, 21])
    }

    @Test
    func `of hints without a deposit, no more than some are asked for before the others wait`()
        async throws
    {
        try await addCustomer()
        let witness = nodes(1)[0]
        let hidden = try await hide([Amount](repeating: 1, count: 29) + [5], beside: [witness])
        for hash in hidden.dropLast() { chain.forge(hash, []) }
        let watcher = watcher(witnesses: [witness], hintsAgain: 1)
        // One that is listed, and then twenty of those that were remembered.
        #expect(try await receiptsAsked(by: watcher, looks: 1) == [21])
        _ = try await receiptsAsked(by: watcher, looks: 1)
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
