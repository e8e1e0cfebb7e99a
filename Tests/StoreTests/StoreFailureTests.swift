import GatewayTestKit
import Ledger
import Primitives
import StoreSQLite
import Synchronization
import Testing

struct StoreFailureTests {
    /// Remembers what a store told of its failure.
    private final class Listener: Sendable {
        private let heard = Mutex<[StoreError]>([])
        var failures: [StoreError] { heard.withLock(\.self) }
        func hear(_ failure: StoreError) { heard.withLock { $0.append(failure) } }
    }

    @Test func `a failed commit is told to its whole batch and stops the store`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/farebox.db"
            let listener = Listener()
            let store = try SQLiteStore.open(.file(path), access: .exclusive) { listener.hear($0) }
            let stores = AnyStore(store)
            try await stores.fund("acme", 100)
            try rawSQL(
                path,
                """
                CREATE TRIGGER refuse BEFORE INSERT ON holds WHEN NEW.id = 'bad'
                BEGIN SELECT RAISE(ABORT, 'the disk is full'); END
                """,
            )
            let gate = Gate()
            let errors = await withTaskGroup(of: StoreError?.self) { group in
                group.addTask { await failure { try await gate.stand(in: store) } }
                await gate.waitUntilEntered()
                // The third is refused by a rule, on the strength of holds that never were.
                for (index, id) in ["h1", "bad", "h2"].enumerated() {
                    group.addTask {
                        await failure { try await stores.place(InferenceID(id), of: "acme", 40) }
                    }
                    await gate.waitUntilWaiting(index + 1, in: store)
                }
                gate.open()
                return await group.reduce(into: []) { $0.append($1) }
            }
            let failures = errors.compactMap(\.self)
            #expect(failures.count == 3)
            #expect(Set(failures).count == 1)
            guard case .commitFailed(let reason) = failures.first else {
                Issue.record("expected a failed commit, got \(failures)")
                return
            }
            #expect(reason.contains("the disk is full"))
            #expect(listener.failures == [.commitFailed(reason)])
            #expect(store.isStopped)
            await #expect(throws: StoreError.stopped) {
                try await stores.place("h3", of: "acme", 1)
            }
            #expect(try await stores.balance(of: "acme") == Balance(100, 0))
            try await store.close()

            try rawSQL(path, "DROP TRIGGER refuse")
            let reopened = try SQLiteStore.open(.file(path), access: .exclusive)
            #expect(try await AnyStore(reopened).audit().holdCount == 0)
            try await reopened.close()
        }
    }

    @Test func `a full disk stops the store and loses nothing that was answered`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/farebox.db"
            let listener = Listener()
            let store = try SQLiteStore.open(.file(path), access: .exclusive) { listener.hear($0) }
            let stores = AnyStore(store)
            try await stores.fund("acme", 1_000_000)
            try await store.limitPages()
            var answered = 0
            do {
                while answered < 10_000 {
                    try await stores.place(InferenceID("h\(answered)"), of: "acme", 1)
                    answered += 1
                }
                Issue.record("the disk never became full")
            } catch StoreError.commitFailed {
                #expect(answered > 0)
            }
            #expect(listener.failures.count == 1)
            await #expect(throws: StoreError.stopped) { try await stores.fund("other", 1) }
            try await store.close()

            let reader = try SQLiteStore.open(.file(path), access: .readOnly)
            #expect(try await AnyStore(reader).audit().openHoldCount == answered)
            try await reader.close()
        }
    }

    @Test func `the model fails a commit when a test asks it to`() async throws {
        let listener = Listener()
        let store = MemoryStore { listener.hear($0) }
        try await AnyStore(store).fund("acme", 100)
        store.failNextCommit()
        await #expect(throws: StoreError.self) {
            try await AnyStore(store).place("h", of: "acme", 10)
        }
        await #expect(throws: StoreError.stopped) {
            try await AnyStore(store).place("h", of: "acme", 10)
        }
        #expect(listener.failures.count == 1)
        #expect(store.isStopped && store.commitCount == 1)
        #expect(try await AnyStore(store).balance(of: "acme") == Balance(100, 0))
    }

    @Test func `a body that writes before it checks stops the process`() async {
        await #expect(processExitsWith: .failure) {
            let store = try SQLiteStore.open(.memory, access: .exclusive)
            try await store.write(.visible) { transaction in
                try transaction.setBalance(.zero, of: .customer("acme", .usd))
                throw LedgerError.holdNotFound("h")
            }
        }
        await #expect(processExitsWith: .failure) {
            let store = MemoryStore()
            try await store.write(.visible) { transaction in
                transaction.setBalance(.zero, of: .customer("acme", .usd))
                throw LedgerError.holdNotFound("h")
            }
        }
    }

    @Test func `a read that writes stops the process`() async {
        await #expect(processExitsWith: .failure) {
            let store = try SQLiteStore.open(.memory, access: .exclusive)
            try await store.read { try $0.setBalance(.zero, of: .customer("acme", .usd)) }
        }
        await #expect(processExitsWith: .failure) {
            try await MemoryStore().read { $0.setBalance(.zero, of: .customer("acme", .usd)) }
        }
    }

    @Test(arguments: [
        Balance(10, 11), Balance(10, 5, held: 6),
    ])
    func `a customer below zero is refused by the table itself`(_ balance: Balance) async throws {
        for store in [
            AnyStore(try SQLiteStore.open(.memory, access: .exclusive)), AnyStore(MemoryStore()),
        ] {
            await #expect(throws: StoreError.self) {
                try await store.write(.visible) {
                    try $0.setBalance(balance, of: .customer("acme", .usd))
                }
            }
        }
    }
}

/// The store's failure that `body` ends with, if it does.
private func failure(_ body: () async throws -> some Any) async -> StoreError? {
    do {
        _ = try await body()
        return nil
    } catch let error as StoreError {
        return error
    } catch {
        Issue.record(error)
        return nil
    }
}
