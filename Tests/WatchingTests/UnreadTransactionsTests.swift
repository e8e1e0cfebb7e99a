import ChainFormats
import Deposits
import GatewayTestKit
import Primitives
import Synchronization
import Testing

@testable import Watching

/// Who was told of what could not be read.
final class Alerts: Sendable {
    private let names = Mutex<[String]>([])

    var told: [String] { names.withLock(\.self) }

    func add(_ unread: UnreadTransaction) { add(unread.transaction) }

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

    private func names(_ count: Int64) -> [String] { (0..<count).map { "\(EVMWord(Amount($0)))" } }

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
        let (unread, tried) = (unread(), Alerts())
        func look(_ failure: RPCFailure?) async throws {
            var outcomes: [DepositOutcome] = []
            try await unread.tryAgain(&outcomes) { name in
                tried.add(name)
                if let failure { throw failure }
                return []
            }
        }
        for count in [20, 40, 50] {
            try await look(.tooLarge)
            #expect(tried.told == Array(names(50).prefix(count)))
        }
        for _ in 0..<3 { try await look(nil) }
        #expect(tried.told == names(50) + names(50))
        #expect(try await store.read { $0.unreadCount(on: "tempo") } == 0)
    }

    @Test func `a node that is down has read nothing, and nothing is forgotten`() async throws {
        try await unread().remember(names(1)[0], .tooLarge)
        await #expect(throws: RPCFailure.timedOut) {
            var outcomes: [DepositOutcome] = []
            try await unread().tryAgain(&outcomes) { _ in throw RPCFailure.timedOut }
        }
        #expect(try await store.read { $0.unreadCount(on: "tempo") } == 1)
    }

    @Test func `what names no transaction is not remembered`() async throws {
        await #expect(throws: RPCFailure.self) { try await unread().remember("x", .tooLarge) }
    }
}
