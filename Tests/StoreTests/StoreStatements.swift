import Deposits
import FoundationEssentials
import GRDB
import GRDBSQLite
import GatewayTestKit
import Glibc
import Identity
import Ledger
import Metering
import Primitives
import Receipts
import Synchronization
import Withdrawals

@testable import StoreSQLite

/// Every statement that the store can run.
enum StoreStatements {
    /// The texts of statements as they were run by every verb of a transaction.
    static func run(by store: SQLiteStore) async throws -> Set<String> {
        let stores = AnyStore(store)
        try await stores.publishSample()
        try await stores.fund("acme", 100_000)
        let seen = Seen()
        try await store.database.writeWithoutTransaction { database in
            database.trace { event in seen.add(event) }
        }
        try await stores.write(.durable) { try $0.register(.sample("new"), .sample) }
        try await stores.fund("new", 1)
        try await stores.publishSample("sample-2")
        try await stores.settle("h", of: "acme", 1000, Usage([.input: 1]))
        try await stores.settle("i", of: "acme", 1000, Usage([.input: 1]))
        try await stores.write(.durable) { try depositOnce(&$0) }
        try await store.write(.durable) { transaction in
            try transaction.update(.sample("new"))
            try readRows(&transaction)
            try readTables(&transaction)
            _ = try transaction.commitCount()
            _ = try BooksAudit(&transaction)
        }
        return seen.texts
    }

    private static func depositOnce(_ transaction: inout any EverySlice) throws {
        try transaction.bind(.sample(9), to: "new", at: .second(0))
        try transaction.observe(.sample(0, .sample(for: "new"), isFinal: false), at: .second(0))
        try transaction.observe(.sample(0, .sample(for: "new")), at: .second(1))
        try transaction.observe(.sample(1, .sample(for: nil, sender: 9)), at: .second(1))
        try transaction.dropped(.sample(), from: .sample(1), at: .second(2))
        _ = try transaction.deposits(in: .reversed, after: nil, limit: 9)
        try transaction.setCursor("1", of: "blocks/tempo")
        _ = try transaction.cursor(of: "blocks/tempo")
        _ = try transaction.deposits(on: "tempo", after: 0)
        _ = try transaction.deposits(on: "tempo", in: .seen, after: nil, limit: 9)
        _ = try transaction.alertCounts(on: "tempo")
        try unreadOnce(&transaction)
        try transaction.observe(.sample(2, .sample(for: "new")), at: .second(3))
        _ = try transaction.withdraw(
            .sample("w", 40, of: "new", wallet: .sample(9)),
            at: .second(4),
        )
        try transaction.pay(.sample("w", of: "new"), at: .second(5))
        for customer in [nil, "new"] as [CustomerID?] {
            for stage in [nil, .confirmed] as [WithdrawalStage?] {
                _ = try transaction.withdrawals(of: customer, in: stage, after: nil, limit: 9)
            }
        }
        _ = try transaction.approvedByRule(since: .second(0))
    }

    private static func unreadOnce(_ transaction: inout any EverySlice) throws {
        let unread = UnreadTransaction(
            chain: "tempo",
            transaction: "0x" + String(repeating: "0", count: 64),
            since: .second(2),
            reason: "node_refused",
        )
        guard let unread else { preconditionFailure("it has a name") }
        try transaction.save(unread)
        _ = try transaction.unread(unread.transaction, on: "tempo")
        _ = try transaction.unread(on: "tempo", of: 1, after: nil, limit: 9)
        _ = try transaction.unreadCounts(on: "tempo")
        try transaction.remove(unread)
    }

    /// Of one thing that is not in memory yet.
    private static func readRows(_ transaction: inout SQLiteTransaction) throws {
        _ = try transaction.customer("nobody")
        _ = try transaction.key("fbx-nobody")
        _ = try transaction.keys(of: "acme")
        _ = try transaction.hold("h")
        _ = try transaction.transfer("h/cost/usd")
        _ = try transaction.receipt("h")
        _ = try transaction.deposit(.sample())
        _ = try transaction.steps(of: DepositID.sample())
        _ = try transaction.withdrawal(.sample())
        _ = try transaction.steps(of: WithdrawalID.sample())
        _ = try transaction.rateCard("sample-1")
        _ = try transaction.currentRateCard()
        _ = try transaction.balance(of: .customer("nobody", .usd))
        _ = try transaction.spending(of: .customer("nobody"))
        _ = try transaction.spending(of: .key("fbx-nobody", of: "nobody"))
        _ = try transaction.balance(of: AccountID(.revenue, .sol))
        _ = try transaction.charged(by: .customer("nobody"), on: 1)
        _ = try transaction.charged(by: .customer("nobody"), since: 1)
        _ = try transaction.openHolds(leasedBefore: .distantFuture, limit: 9)
        _ = try transaction.statementLength(of: "acme")
        _ = try transaction.usage(of: "acme", since: .second(0))
        _ = try transaction.statement(of: "acme", skipping: 0, limit: 9)
    }

    /// Of everything, for whoever audits or asks for figures.
    private static func readTables(_ transaction: inout SQLiteTransaction) throws {
        _ = try transaction.keys(of: nil)
        _ = try transaction.receiptCount()
        _ = try transaction.identityCounts()
        _ = try transaction.openHoldCount()
        _ = try transaction.totals()
        _ = try transaction.reversedOfCustomers()
        _ = try transaction.withdrawalTotals()
        for writer in try transaction.writers() {
            _ = try transaction.chain(of: writer)
            _ = try transaction.transfers(of: writer, after: 0, limit: 9)
        }
        _ = try transaction.holds(after: nil, limit: 9)
        _ = try transaction.receipts(after: nil, limit: 9)
        _ = try transaction.accounts()
        _ = try transaction.spendings()
        _ = try transaction.dailyCharges()
    }

    /// How SQLite would run a statement, step by step.
    static func plan(of text: String, in connection: OpaquePointer?) -> [String] {
        var statement: OpaquePointer?
        defer { sqlite3_finalize(statement) }
        let prepared = sqlite3_prepare_v2(
            connection,
            "EXPLAIN QUERY PLAN \(text)",
            -1,
            &statement,
            nil,
        )
        guard prepared == SQLITE_OK else { return ["SCAN: not understood"] }
        var steps: [String] = []
        while sqlite3_step(statement) == SQLITE_ROW {
            // After the step's number, its parent's, and one that is not used.
            steps.append(sqlite3_column_text(statement, 3).map { String(cString: $0) } ?? "")
        }
        return steps
    }

    /// The texts of the sources that are statements, each cut where something is put in.
    static func written() throws -> [[String]] {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        guard let folder = realpath("\(root.joined(separator: "/"))/Sources/StoreSQLite", nil)
        else { return [] }
        defer { free(folder) }
        let path = String(cString: folder)
        return try FileManager.default.contentsOfDirectory(atPath: path)
            .filter { !$0.hasPrefix("Schema") }
            .flatMap { name in
                let data = FileManager.default.contents(atPath: "\(path)/\(name)") ?? Data()
                return statements(in: String(decoding: data, as: UTF8.self))
            }
    }

    private static func statements(in source: String) -> [[String]] {
        let literals = source.matches(of: /"""\n(?<block>[\s\S]*?)\n *"""|"(?<line>[^"\n]*)"/)
            .compactMap { $0.output.block ?? $0.output.line }
        let isStatement = /\b(SELECT .* FROM|INSERT INTO|UPDATE|WHERE)\b/.dotMatchesNewlines()
        return literals.filter { $0.contains(isStatement) }
            .map { $0.split(separator: /\\\([^)]*\)/).map { normalized(String($0)) } }
    }

    /// One space between two words.
    static func normalized(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}

/// The statements that a connection has run.
private final class Seen: Sendable {
    private let state = Mutex<Set<String>>([])

    var texts: Set<String> { state.withLock(\.self) }

    func add(_ event: Database.TraceEvent) {
        guard case .statement(let statement) = event else { return }
        let text = StoreStatements.normalized(statement.sql)
        state.withLock { _ = $0.insert(text) }
    }
}

extension Key {
    fileprivate static var sample: Key {
        Key(id: "fbx-new", customer: "new", digest: .sample(1), createdAt: .second(1))
    }
}
