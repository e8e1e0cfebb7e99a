import GRDB
import GatewayTestKit
import Ledger
import Primitives
import Testing

@testable import StoreSQLite

struct SQLiteCommitTests {
    /// Runs `body` on a store in a file, with the file's path.
    private func withFile(_ body: (SQLiteStore, String) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/farebox.db"
            let store = try SQLiteStore.open(.file(path), access: .exclusive)
            try await body(store, path)
            try await store.close()
        }
    }

    private func synchronous(_ store: SQLiteStore) async throws -> Int? {
        try await store.database.writeWithoutTransaction { try SynchronousLevel.current($0) }
    }

    @Test func `money is safe by the settings that are read back`() async throws {
        try await withFile { store, _ in
            #expect(try await synchronous(store) == 2)
            let settings = try await store.database.writeWithoutTransaction { database in
                try ["journal_mode", "foreign_keys", "mmap_size", "busy_timeout"].map {
                    try Row.fetchOne(database, sql: "PRAGMA \($0)").map { "\($0[0] ?? "none")" }
                }
            }
            #expect(settings == ["wal", "1", "0", "5000"])
        }
    }

    @Test func `a commit waits for the disk where somebody in it asks for it`() async throws {
        try await withFile { store, _ in
            let stores = AnyStore(store)
            try await stores.fund("acme", 100)
            #expect(try await synchronous(store) == 2)
            try await stores.place("h", of: "acme", 10)
            #expect(try await synchronous(store) == 1)
            try await stores.write(.durable) { _ = try $0.releaseHold("h", at: .second(1)) }
            #expect(try await synchronous(store) == 2)
        }
    }

    @Test func `writes that wait are committed together, as durable as the most careful`()
        async throws
    {
        try await withFile { store, _ in
            let stores = AnyStore(store)
            try await stores.fund("acme", 1000)
            let commits = store.commitCount
            let gate = Gate()
            try await withThrowingTaskGroup { group in
                group.addTask { try await gate.stand(in: store) }
                await gate.waitUntilEntered()
                for number in 0..<100 {
                    group.addTask {
                        try await stores.place(InferenceID("h\(number)"), of: "acme", 10)
                    }
                }
                group.addTask { try await stores.fund("other", 5) }
                await gate.waitUntilWaiting(101, in: store)
                gate.open()
                try await group.waitForAll()
            }
            #expect(store.commitCount - commits == 2)
            #expect(store.writeCount == 103)
            #expect(try await synchronous(store) == 2)
            try await stores.audit()
        }
    }

    @Test func `a batch is bounded`() async throws {
        let store = try SQLiteStore.open(.memory, access: .exclusive)
        let gate = Gate()
        try await withThrowingTaskGroup { group in
            group.addTask { try await gate.stand(in: store) }
            await gate.waitUntilEntered()
            let count = 2 * WriteQueue.largestBatch
            for number in 0..<count {
                group.addTask { try await AnyStore(store).fund(CustomerID("c\(number)"), 1) }
            }
            await gate.waitUntilWaiting(count, in: store)
            gate.open()
            try await group.waitForAll()
        }
        #expect(store.commitCount == 3)
        try await AnyStore(store).audit()
        try await store.close()
    }

    @Test func `a write whose task is cancelled while it waits is written`() async throws {
        try await withFile { store, _ in
            let stores = AnyStore(store)
            try await stores.fund("acme", 100)
            let gate = Gate()
            try await withThrowingTaskGroup { group in
                group.addTask { try await gate.stand(in: store) }
                await gate.waitUntilEntered()
                group.addTask { _ = try await stores.place("h", of: "acme", 10) }
                await gate.waitUntilWaiting(1, in: store)
                group.cancelAll()
                gate.open()
                try await group.waitForAll()
            }
            #expect(try await stores.balance(of: "acme").held == 10)
        }
    }

    @Test func `a read sees one state from its first query to its last`() async throws {
        try await withFile { store, _ in
            let stores = AnyStore(store)
            try await stores.fund("acme", 100)
            let gate = Gate()
            let counts = try await withThrowingTaskGroup(of: [Int].self) { group in
                group.addTask {
                    try await store.read { transaction in
                        let before = try transaction.openHoldCount()
                        gate.stand()
                        return [before, try transaction.openHoldCount()]
                    }
                }
                await gate.waitUntilEntered()
                try await stores.place("h", of: "acme", 10)
                gate.open()
                return try await group.next() ?? []
            }
            #expect(counts == [0, 0])
            #expect(try await store.read { try $0.openHoldCount() } == 1)
        }
    }

    @Test func `closing answers what waits first`() async throws {
        try await withTemporaryFolder { folder in
            let location = SQLiteLocation.file("\(folder)/farebox.db")
            let store = try SQLiteStore.open(location, access: .exclusive)
            let gate = Gate()
            try await withThrowingTaskGroup { group in
                group.addTask { try await gate.stand(in: store) }
                await gate.waitUntilEntered()
                for number in 0..<20 {
                    group.addTask { try await AnyStore(store).fund(CustomerID("c\(number)"), 1) }
                }
                await gate.waitUntilWaiting(20, in: store)
                group.addTask { try await store.close() }
                while !store.isStopped { await Task.yield() }
                gate.open()
                try await group.waitForAll()
            }
            let reader = try SQLiteStore.open(location, access: .readOnly)
            #expect(try await AnyStore(reader).audit().transferCount == 20)
            try await reader.close()
        }
    }

    @Test func `the lines of a statement are found by index`() async throws {
        try await withFile { store, _ in
            let plan = try await store.database.read { database in
                try Row.fetchAll(
                    database,
                    sql: """
                        EXPLAIN QUERY PLAN SELECT count(*) FROM transfers
                        WHERE credit GLOB 'customer/*' AND credit IN ('a', 'b', 'c', 'd')
                        UNION ALL SELECT count(*) FROM receipts WHERE customer = 'a'
                        UNION ALL SELECT count(*) FROM holds WHERE state = 'open' AND customer = 'a'
                        """,
                ).map { "\($0["detail"] ?? "")" }.joined(separator: "\n")
            }
            #expect(plan.contains("transfers_by_credited_customer"))
            #expect(plan.contains("receipts_by_customer"))
            #expect(plan.contains("holds_open_by_customer"))
            #expect(!plan.contains("SCAN"))
        }
    }
}
