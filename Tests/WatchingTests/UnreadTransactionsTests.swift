import ChainFormats
import Deposits
import GatewayTestKit
import Logging
import Primitives
import Synchronization
import Testing

@testable import Watching

/// Who was told of what could not be read.
final class Alerts: Sendable {
    private let names = Mutex<[String]>([])

    var told: [String] { names.withLock(\.self) }

    func add(_ notice: UnreadNotice) {
        switch notice {
        case .unreadable(let unread): add(unread.transaction)
        case .unreadableHints(_, let all): add(all.map(\.transaction).joined(separator: " "))
        case .full(let node): add("full \(node)")
        case .dropped(let unread): add("dropped \(unread.transaction)")
        }
    }

    func add(_ name: String) { names.withLock { $0.append(name) } }
}

/// What is remembered of transactions that can not be read, over the model of a store.
struct UnreadTransactionsTests {
    private let store = MemoryStore()
    private let alerts = Alerts()

    /// As it is after a start of the process.
    private func unread(at now: Timestamp = .second(100)) -> UnreadTransactions<MemoryStore> {
        UnreadTransactions(chain: "tempo", store: store, now: { now }, tell: alerts.add)
    }

    private func names(_ count: Int64) -> [String] { names(0..<count) }

    private func names(_ numbers: Range<Int64>) -> [String] {
        numbers.map { "\(EVMWord(Amount($0)))" }
    }

    private func counts() async throws -> [Int: Int] {
        try await store.read { $0.unreadCounts(on: "tempo") }
    }

    /// Which are tried at one look.
    private func tried(
        by unread: UnreadTransactions<MemoryStore>,
        _ failure: RPCFailure? = .tooLarge,
    ) async throws -> [String] {
        let tried = Alerts()
        var outcomes: [DepositOutcome] = []
        try await unread.tryAgain(&outcomes) { name in
            tried.add(name)
            if let failure { throw failure }
            return []
        }
        return tried.told
    }

    @Test(arguments: [
        (RPCFailure.tooLarge, [1, 1, 1]), (.malformed(method: "x"), [1, 1, 1]),
        (.refused(method: "getTransaction", code: -32_015, ""), [1, 1, 1]),
        (.refused(method: "getBlock", code: -32_004, ""), [0, 0, 1]),
        (.inconsistent("it is not there"), [0, 0, 1]),
    ])
    func `somebody is told once, of what may pass after a minute`(
        _ failure: RPCFailure,
        _ counts: [Int],
    ) async throws {
        for (seconds, count) in zip([100, 159, 160] as [Int64], counts) {
            try await unread(at: .second(seconds)).remember(names(1)[0], failure)
            #expect(alerts.told.count == count)
        }
        try await unread(at: .second(999)).remember(names(1)[0], failure)
        #expect(alerts.told == names(1))
    }

    @Test func `all are tried in turn, a few at a look, and forgotten once they are read`()
        async throws
    {
        for name in names(50) { try await unread().remember(name, .tooLarge) }
        let unread = unread()
        for failure in [RPCFailure.tooLarge, nil] {
            for turn in [0..<20, 20..<40, 40..<50] as [Range<Int64>] {
                #expect(try await tried(by: unread, failure) == names(turn))
            }
        }
        #expect(try await store.read { $0.unreadCounts(on: "tempo") } == [:])
    }

    @Test func `a node that is down has read nothing, and nothing is forgotten`() async throws {
        try await unread().remember(names(1)[0], .tooLarge)
        await #expect(throws: RPCFailure.timedOut) {
            var outcomes: [DepositOutcome] = []
            try await unread().tryAgain(&outcomes) { _ in throw RPCFailure.timedOut }
        }
        #expect(try await store.read { $0.unreadCounts(on: "tempo") } == [1: 1])
    }

    @Test func `one of the first node's with which a look ends keeps no other from its turn`()
        async throws
    {
        for name in names(3) { try await unread().remember(name, .tooLarge) }
        let (unread, tried) = (unread(), Alerts())
        for _ in 0..<4 {
            await #expect(throws: RPCFailure.timedOut) {
                var outcomes: [DepositOutcome] = []
                try await unread.tryAgain(&outcomes) { name in
                    tried.add(name)
                    throw RPCFailure.timedOut
                }
            }
        }
        #expect(tried.told == names(3) + names(1))
    }

    // MARK: What witnesses list

    @Test func `a hint that the first node does not answer to ends no look, and no other's turn`()
        async throws
    {
        for name in names(3) { try await unread().remember(name, .tooLarge, listedBy: [2]) }
        let unread = unread()
        for turn in [0..<1, 1..<2, 2..<3, 0..<1] as [Range<Int64>] {
            #expect(try await tried(by: unread, .status(429)) == names(turn))
        }
        #expect(try await counts() == [2: 3])
    }

    @Test func `so many are kept of a witness and no more, and all of the first node`()
        async throws
    {
        let unread = unread()
        let missing = RPCFailure.missing("it")
        for (place, name) in names(0..<1002).enumerated() {
            let isKept = try await unread.remember(name, missing, listedBy: [2])
            #expect(isKept == (place < 1000))
        }
        #expect(try await unread.remember(names(1)[0], missing, listedBy: [2]))
        #expect(try await counts() == [2: 1000])
        #expect(alerts.told == ["full 2"])
        for name in names(2000..<3005) { try await unread.remember(name, missing) }
        #expect(try await counts() == [1: 1005, 2: 1000])
        // What another witness lists, too, is remembered for that one.
        try await unread.remember(names(1001..<1002)[0], missing, listedBy: [2, 3])
        #expect(try await counts() == [1: 1005, 2: 1000, 3: 1])
        #expect(alerts.told == ["full 2"])
    }

    @Test func `what the first node lists later becomes its own, and stays it`() async throws {
        let unread = unread()
        let nodes = [([3, 2], 3), ([2], 3), ([1], 1), ([2], 1)]
        for (nodes, kept) in nodes {
            try await unread.remember(names(1)[0], .missing("it"), listedBy: nodes)
            #expect(try await counts() == [kept: 1])
        }
    }

    @Test func `each look tries some of the first node's and some of one witness's, in turn`()
        async throws
    {
        let unread = unread()
        let lists = [1: 0..<45, 2: 100..<1100, 4: 2000..<2003] as [Int: Range<Int64>]
        for (node, list) in lists {
            for name in names(list) {
                try await unread.remember(name, .tooLarge, listedBy: [node])
            }
        }
        let looks =
            [
                (0..<20, 100..<120), (20..<40, 2000..<2003), (40..<45, 120..<140),
                (0..<20, 2000..<2003),
                (20..<40, 140..<160),
            ] as [(Range<Int64>, Range<Int64>)]
        for (own, hints) in looks {
            #expect(try await tried(by: unread) == names(own) + names(hints))
        }
    }

    @Test(
        arguments: [
            (2, RPCFailure.missing("it"), true), (2, .inconsistent("1 of 2 nodes know it"), false),
            (2, .tooLarge, false), (1, .missing("it"), true), (1, .tooLarge, false),
            (1, .inconsistent("it moved"), false), (1, .disputed("1 of 2"), false),
        ] as [(Int, RPCFailure, Bool)]
    )
    func `what the first node lacks for seven days is given up, and nothing else`(
        _ node: Int,
        _ failure: RPCFailure,
        _ isDropped: Bool,
    ) async throws {
        let name = names(1)[0]
        try await unread(at: .second(0)).remember(name, failure, listedBy: [node])
        for day in 1...7 as ClosedRange<Int64> {
            _ = try await tried(by: unread(at: .second(day * 86_400)), failure)
            let isGone = isDropped && day == 7
            #expect(try await counts() == (isGone ? [:] : [node: 1]))
            #expect(alerts.told == [name] + (isGone ? ["dropped \(name)"] : []))
        }
    }

    @Test(arguments: [1, 2])
    func `what is missing is kept where nobody asked for it for days`(_ node: Int) async throws {
        let (name, missing) = (names(1)[0], RPCFailure.missing("it"))
        try await unread(at: .second(0)).remember(name, missing, listedBy: [node])
        for day in [7, 8, 11, 12, 18, 30] as [Int64] {
            _ = try await tried(by: unread(at: .second(day * 86_400)), missing)
            #expect(try await counts() == [node: 1])
        }
    }

    @Test(
        arguments: [
            ([("missing", 0...7)], true), ([("missing", 0...6)], false),
            ([("missing", 0...0), ("missing", 7...7)], false),
            // It was there, or may have been.
            ([("disputed", 0...0), ("missing", 1...7)], false),
            ([("disputed", 0...0), ("missing", 1...8)], true),
            ([("missing", 0...3), ("disputed", 4...4), ("missing", 5...8)], false),
            ([("missing", 0...6), ("tooLarge", 7...7), ("missing", 8...14)], false),
            ([("missing", 0...6), ("tooLarge", 7...7), ("missing", 8...15)], true),
            ([("missing", 0...7), ("disputed", 7...7)], false),
            // Who does not answer says nothing.
            ([("missing", 0...3), ("timedOut", 3...4), ("missing", 4...7)], true),
            ([("missing", 0...3), ("timedOut", 4...4), ("missing", 5...7)], false),
            ([("timedOut", 0...6), ("missing", 7...7)], false),
        ] as [([(String, ClosedRange<Int64>)], Bool)]
    )
    func `a node is believed that says for seven days, every day, that it lacks it`(
        _ answers: [(String, ClosedRange<Int64>)],
        _ isGivenUp: Bool,
    ) throws {
        let failures: [String: RPCFailure] = [
            "missing": .missing("it"), "disputed": .disputed("1 of 2"), "tooLarge": .tooLarge,
            "timedOut": .timedOut,
        ]
        var unread = try one()
        var wasGivenUp = false
        for (name, days) in answers {
            let failure = try #require(failures[name])
            for day in days {
                let now = Timestamp.second(day * 86_400)
                wasGivenUp = unread.isGivenUp(after: failure, at: now)
                unread = unread.after(failure, at: now)
                #expect(unread.reason == failure.code)
            }
        }
        #expect(wasGivenUp == isGivenUp)
        #expect(unread.since == .second(1))
    }

    @Test func `a node that says now this and now that is told of after a minute, once`()
        async throws
    {
        let name = names(1)[0]
        let failures = [RPCFailure.disputed("1 of 2"), .missing("it")]
        for seconds in 100..<400 as Range<Int64> {
            let failure = failures[Int(seconds) % 2]
            try await unread(at: .second(seconds)).remember(name, failure)
            #expect(alerts.told == (seconds < 160 ? [] : [name]))
        }
    }

    private func one(of node: Int = 1) throws -> UnreadTransaction {
        try #require(
            UnreadTransaction(
                chain: "tempo",
                transaction: names(1)[0],
                node: node,
                since: .second(1),
                reason: "x",
            )
        )
    }

    @Test(arguments: [(1, 1), (2, 0)])
    func `that one of the first node's is given up is an error, and of a witness's is none`(
        _ node: Int,
        _ errors: Int,
    ) throws {
        let told = Told()
        let alert = DepositAlert("tempo", logger: Logger(label: "test") { _ in told })
        alert.tell(.dropped(try one(of: node)))
        #expect(told.count == errors)
    }

    @Test func `what a witness lists is told at the end of a look, once, all of it in one notice`()
        async throws
    {
        let unread = unread()
        for _ in 0..<2 {
            for (nodes, list) in [([2], 0..<30), ([1], 50..<52), ([3], 40..<42)]
                as [([Int], Range<Int64>)]
            {
                for name in names(list) {
                    try await unread.remember(name, .tooLarge, listedBy: nodes)
                }
            }
        }
        let own = names(50..<52)
        #expect(alerts.told == own)
        let hints = [0..<30, 40..<42].map { names($0).joined(separator: " ") }
        for _ in 0..<2 {
            _ = try await tried(by: unread)
            #expect(alerts.told == own + hints)
        }
        _ = try await tried(by: self.unread())
        #expect(alerts.told == own + hints)
    }

    @Test func `what the first node lists, too, is told as its own alone`() async throws {
        let unread = unread()
        for nodes in [[2], [1]] {
            try await unread.remember(names(1)[0], .tooLarge, listedBy: nodes)
        }
        for _ in 0..<2 { _ = try await tried(by: unread) }
        #expect(alerts.told == names(1))
        #expect(try await counts() == [1: 1])
    }

    @Test
    func `what was told of among a witness's is told by name once it is the first node's own`()
        async throws
    {
        let unread = unread()
        for name in names(3) { try await unread.remember(name, .tooLarge, listedBy: [2]) }
        _ = try await tried(by: unread)
        let hints = names(3).joined(separator: " ")
        #expect(alerts.told == [hints])
        for _ in 0..<2 { try await unread.remember(names(1)[0], .tooLarge) }
        _ = try await tried(by: unread)
        #expect(alerts.told == [hints] + names(1))
    }

    @Test func `what becomes the first node's own may come yet, for a minute from then on`()
        async throws
    {
        let missing = RPCFailure.missing("it")
        try await unread(at: .second(100)).remember(names(1)[0], missing, listedBy: [2])
        for (seconds, told) in [(500, 0), (559, 0), (560, 1), (999, 1)] as [(Int64, Int)] {
            try await unread(at: .second(seconds)).remember(names(1)[0], missing)
            #expect(alerts.told.count == told)
        }
    }

    @Test func `one line tells of all that a witness lists at a look, and names a few`() throws {
        let told = Told()
        let alert = DepositAlert("tempo", logger: Logger(label: "test") { _ in told })
        let unread = names(500).compactMap {
            UnreadTransaction(
                chain: "tempo",
                transaction: $0,
                node: 2,
                since: .second(1),
                reason: "x",
            )
        }
        alert.tell(.unreadableHints(node: 2, unread))
        #expect(told.count == 1)
        let line = try #require(told.last)
        #expect(line["count"] == "500")
        #expect(line["node"] == "2")
        #expect(line["transactions"] == "\(names(3).joined(separator: " "))")
    }

    @Test func `what names no transaction is not remembered`() async throws {
        await #expect(throws: RPCFailure.self) { try await unread().remember("x", .tooLarge) }
    }
}
