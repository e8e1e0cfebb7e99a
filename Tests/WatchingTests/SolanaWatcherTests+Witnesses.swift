import ChainFormats
import Deposits
import GatewayTestKit
import Primitives
import Testing

@testable import Watching

/// What the nodes beside the first list.
extension SolanaWatcherTests {
    @Test func `what the first node's list leaves out and another's has is credited once`()
        async throws
    {
        try await addCustomer()
        let witnesses = [RecordedNode(), RecordedNode()]
        for node in [node] + witnesses {
            try node.land("program", in: 100)
            try node.land("memo", in: 8000)
            try node.land("reference", in: 8001)
            node.finalise()
        }
        for node in [node, witnesses[0]] { try node.leaveOut("memo") }
        let watcher = try watcher(witnesses: witnesses)
        for _ in 0..<3 { _ = try await watcher.look() }
        #expect(try await balance() == [9_250_000, 0])
        #expect(node.takeCount(of: "getTransaction") == 6)
        #expect(witnesses.map { $0.takeCount(of: "getTransaction") } == [0, 0])
        #expect(witnesses.map { $0.takeCount(of: "getSignaturesForAddress") } == [6, 6])
    }

    @Test func `what the first node does not have is not credited, and told of after a minute`()
        async throws
    {
        try await addCustomer()
        let liar = RecordedNode()
        for node in [node, liar] { try node.land("program") }
        try liar.land("memo")
        for node in [node, liar] { node.finalise() }
        let name = "\(try RecordedTransaction.named("memo").signature)"
        for (seconds, told) in [(100, 0), (159, 0), (160, 1), (999, 1)] as [(Int64, Int)] {
            _ = try await watcher(witnesses: [liar], at: .second(seconds)).look()
            #expect(alerts.told == (told == 1 ? [name] : []))
        }
        #expect(try await balance() == [5_000_000, 0])
        try node.land("memo")
        node.finalise()
        _ = try await watcher(witnesses: [liar]).look()
        #expect(try await balance() == [8_000_000, 0])
    }

    @Test func `what a witness lists as failed is waited for by nobody`() async throws {
        let witness = RecordedNode()
        try witness.land("failed", "memo")
        try witness.listAsFailed("memo")
        witness.finalise()
        _ = try await watcher(witnesses: [witness]).look()
        #expect(try await store.read { $0.unreadCounts(on: "solana") } == [:])
    }

    @Test func `no witness keeps a transaction from being read`() async throws {
        try await addCustomer()
        let liar = RecordedNode()
        for node in [node, liar] {
            try node.land("memo")
            node.finalise()
        }
        try node.leaveOut("memo")
        try liar.listAsFailed("memo")
        let watcher = try watcher(witnesses: [liar])
        _ = try await watcher.look()
        node.listAll()
        _ = try await watcher.look()
        #expect(try await balance() == [3_000_000, 0])
    }

    @Test func `what a witness listed first is the first node's own once that one lists it`()
        async throws
    {
        let witness = RecordedNode()
        for node in [node, witness] {
            try node.land("memo")
            node.finalise()
        }
        try node.leaveOut("memo")
        try node.hide("memo", .tooLarge)
        let watcher = try watcher(witnesses: [witness])
        for counts in [[2: 1], [1: 1]] {
            for _ in 0..<2 { _ = try await watcher.look() }
            #expect(try await store.read { $0.unreadCounts(on: "solana") } == counts)
            node.listAll()
        }
    }

    @Test func `what there was no room for is credited once the first node has it`() async throws {
        try await addCustomer()
        let witness = RecordedNode()
        for node in [node, witness] {
            try node.land("memo")
            node.finalise()
        }
        try node.leaveOut("memo")
        try node.hide("memo", nil)
        try await fillRoom(of: 2)
        let watcher = try watcher(witnesses: [witness])
        for _ in 0..<2 { _ = try await watcher.look() }
        #expect(try await balance() == [0, 0])
        #expect(try await store.read { $0.unreadCounts(on: "solana") } == [2: 1000])
        node.reveal()
        for _ in 0..<2 { _ = try await watcher.look() }
        #expect(try await balance() == [3_000_000, 0])
    }

    @Test func `no witness moves the safe point`() async throws {
        let liar = RecordedNode()
        try node.land("program", in: 100)
        try liar.land("program", in: 1)
        try liar.land("memo", in: 1_000_000)
        for node in [node, liar] { node.finalise() }
        for _ in 0..<2 { _ = try await watcher(witnesses: [liar]).look() }
        let treasury = try Self.treasury.get()
        for address in treasury.watched {
            let safe = try await store.read { $0.cursor(of: "history/solana/\(address)") }
            #expect(safe == nil)
        }
    }

    @Test(arguments: ["getGenesisHash", "getSignaturesForAddress"])
    func `a witness that does not answer stops no look, and is not asked on at it`(
        _ method: String
    ) async throws {
        try await addCustomer()
        try node.land("program")
        node.finalise()
        let witness = RecordedNode()
        witness.fail(method, Array(repeating: .timedOut, count: 9))
        _ = try await watcher(witnesses: [witness]).look()
        #expect(try await balance() == [5_000_000, 0])
        #expect(witness.takeCount(of: method) == 1)
    }

    @Test(arguments: [
        RPCFailure.status(429), .timedOut, .unreachable,
        .refused(method: "getTransaction", code: -32_005, ""),
    ])
    func `what a witness lists and the first node does not answer to delays nothing of its own`(
        _ failure: RPCFailure
    ) async throws {
        try await addCustomer()
        let witness = RecordedNode()
        for node in [node, witness] {
            try node.land("memo", "reference", "program")
            node.finalise()
        }
        for hidden in ["memo", "reference"] {
            try node.leaveOut(hidden)
            try node.hide(hidden, failure)
        }
        // The wallet's own history comes second.
        try node.land("memo-sol")
        node.finalise()
        try node.land("memo-behind")
        let watcher = try watcher(witnesses: [witness])
        for _ in 0..<3 {
            _ = try await watcher.look()
            #expect(try await balance() == [5_000_000, 5_000_000])
            #expect(try await seen() == 1)
            #expect(try await store.read { $0.unreadCounts(on: "solana") } == [2: 2])
        }
        node.reveal()
        for _ in 0..<2 { _ = try await watcher.look() }
        #expect(try await balance() == [9_250_000, 5_000_000])
        #expect(try await store.read { $0.unreadCounts(on: "solana") } == [:])
    }

    @Test func `after one hint that the first node does not answer to, no other is asked for`()
        async throws
    {
        let witness = RecordedNode()
        for node in [node, witness] {
            try node.land("memo", "reference", "program", "table")
            node.finalise()
        }
        for hidden in ["memo", "reference", "program", "table"] {
            try node.leaveOut(hidden)
            try node.hide(hidden, .status(503))
        }
        _ = try await watcher(witnesses: [witness]).look()
        // Of what is remembered one is tried, too.
        #expect(node.takeCount(of: "getTransaction") == 2)
        #expect(try await store.read { $0.unreadCounts(on: "solana") } == [2: 4])
    }

    @Test func `what a safe point passes in a look that fails is remembered unasked`() async throws
    {
        try await addCustomer()
        let witness = RecordedNode()
        for node in [node, witness] {
            try node.land("program", in: 100)
            try node.land("memo", in: 101)
            try node.land("reference", in: 102)
            try node.land("table", in: 9000)
            node.finalise()
        }
        try node.leaveOut("memo")
        witness.turnList(of: try Self.treasury.get().tokenAccount)
        // The token account's history is read, and the wallet's is not.
        node.fail("getSignaturesForAddress", [nil, nil, nil, .timedOut])
        let watcher = try watcher(witnesses: [witness])
        await #expect(throws: RPCFailure.timedOut) { try await watcher.look() }
        #expect(try await store.read { $0.unreadCounts(on: "solana") } == [2: 1])
        _ = try await watcher.look()
        #expect(try await balance() == [9_250_011, 0])
    }

    @Test(arguments: 0..<8)
    func `a process that is killed in a look loses nothing that a safe point passed in it`(
        _ commits: Int
    ) async throws {
        try await addCustomer()
        let witness = RecordedNode()
        for node in [node, witness] {
            try node.land("program", in: 100)
            try node.land("memo", in: 101)
            try node.land("reference", in: 102)
            try node.land("table", in: 9000)
            node.finalise()
        }
        try node.leaveOut("memo")
        store.failNextCommit(after: commits)
        await #expect(throws: StoreError.self) {
            try await watcher(witnesses: [witness]).look()
        }
        let (started, left) = (MemoryStore(), store.books)
        started.tamper { $0 = left }
        _ = try await watcher(witnesses: [witness], over: started).look()
        #expect(try await balance(in: started) == [9_250_011, 0])
    }

    @Test func `of what there is no room for, some are asked for at a look, each in its turn`()
        async throws
    {
        try await addCustomer()
        let names = ["memo", "reference", "table"]
        let witness = RecordedNode()
        for node in [node, witness] {
            for name in names { try node.land(name) }
            node.finalise()
        }
        for name in names { try node.leaveOut(name) }
        for name in names.dropLast() { try node.hide(name, nil) }
        try await fillRoom(of: 2)
        let watcher = try watcher(witnesses: [witness], hintsAgain: 1)
        var asked: [Int] = []
        for _ in 0..<5 {
            _ = try await watcher.look()
            asked.append(node.takeCount(of: "getTransaction"))
        }
        // Beside the twenty that are tried again; each is in both addresses' lists.
        #expect(asked == [21, 21, 22, 21, 22])
        #expect(try await balance() == [11, 0])
        node.reveal()
        _ = try await watcher.look()
        #expect(try await balance() == [4_250_011, 0])
    }

    @Test func `of hints without a deposit, no more than some are asked for at a look`()
        async throws
    {
        let witness = RecordedNode()
        for node in [node, witness] {
            try node.land("wrong-mint", "wrong-treasury")
            node.finalise()
        }
        for hidden in ["wrong-mint", "wrong-treasury"] { try node.leaveOut(hidden) }
        try await fillRoom(of: 2)
        _ = try await watcher(witnesses: [witness], hintsAgain: 1).look()
        // Beside the twenty that are tried again.
        #expect(node.takeCount(of: "getTransaction") == 21)
    }

    @Test func `a node that has forgotten where a list is read on loses nothing in silence`()
        async throws
    {
        try await addCustomer()
        let known = RecordedNode()
        for node in [node, known] {
            try node.land("program", in: 100)
            try node.land("table", in: 5000)
            node.finalise()
        }
        _ = try await watcher().look()
        let cursors = try await cursors()
        for node in [node, known] {
            try node.land("memo", in: 9000)
            try node.land("reference", in: 20_000)
            // Far enough behind it that the safe point would move.
            try node.land("wrong-mint", in: 30_000)
            node.finalise()
        }
        for gone in ["program", "table", "memo"] {
            try node.leaveOut(gone)
            try node.hide(gone, nil)
            try node.forget(gone)
        }
        for _ in 0..<3 {
            await #expect(throws: RPCFailure.self) { try await watcher().look() }
            #expect(try await balance() == [6_250_011, 0])
            #expect(try await self.cursors() == cursors)
        }
        _ = try await watcher(first: known).look()
        #expect(try await balance() == [9_250_011, 0])
    }

    private func cursors() async throws -> [String?] {
        let addresses = try Self.treasury.get().watched
        return try await store.read { books in
            addresses.map { books.cursor(of: "history/solana/\($0)") }
        }
    }

    private func seen() async throws -> Int {
        try await store.deposits(on: "solana", in: .seen).count
    }

    private func fillRoom(of witness: Int) async throws {
        let unread = unread()
        for number in 0..<1000 {
            let name = "\(EVMWord(Amount(Int64(number))))"
            try await unread.remember(name, .missing("it"), listedBy: [witness])
        }
    }
}
