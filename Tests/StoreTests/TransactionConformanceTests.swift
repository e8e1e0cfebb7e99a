import GatewayTestKit
import Ledger
import Primitives
import Testing

struct TransactionConformanceTests {
    @Test(arguments: StoreKind.allCases)
    func `a thousand holds at once on a balance for 77 are 77 holds`(
        _ kind: StoreKind
    ) async throws {
        try await kind.withStore { store in
            try await store.fund("acme", 779)
            let placed = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<1000 {
                    group.addTask {
                        do {
                            try await store.place(InferenceID("h\(number)"), of: "acme", 10)
                            return true
                        } catch LedgerError.insufficientFunds(9, 10) {
                            return false
                        }
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(placed == 77)
            #expect(try await store.balance(of: "acme") == Balance(779, 0, held: 770))
            #expect(try await store.audit().openHoldCount == 77)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `one id placed by many at once is one hold`(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.fund("acme", 100)
            try await withThrowingTaskGroup { group in
                for _ in 0..<100 {
                    group.addTask { _ = try await store.place("h", of: "acme", 60) }
                }
                try await group.waitForAll()
            }
            #expect(try await store.balance(of: "acme") == Balance(100, 0, held: 60))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a body that throws has written nothing and harms nobody else`(
        _ kind: StoreKind
    ) async throws {
        try await kind.withStore { store in
            try await store.fund("acme", 100)
            try await withThrowingTaskGroup { group in
                for number in 0..<50 {
                    group.addTask {
                        await #expect(throws: LedgerError.holdNotFound("missing")) {
                            try await store.write(.durable) {
                                _ = try $0.releaseHold("missing", at: .second(1))
                            }
                        }
                        try await store.place(InferenceID("h\(number)"), of: "acme", 2)
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await store.balance(of: "acme") == Balance(100, 0, held: 100))
            try await store.audit()
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a write is not undone with the task that asked for it`(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.fund("acme", 100)
            await withTaskGroup(of: Void.self) { group in
                group.cancelAll()
                for number in 0..<20 {
                    group.addTask {
                        #expect(Task.isCancelled)
                        await #expect(throws: Never.self) {
                            try await store.place(InferenceID("h\(number)"), of: "acme", 5)
                            _ = try await store.read { try $0.openHoldCount() }
                        }
                    }
                }
            }
            #expect(try await store.balance(of: "acme") == Balance(100, 0, held: 100))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a read sees every write that was answered before it`(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.fund("acme", 100)
            for number in 1...50 {
                try await store.place(InferenceID("h\(number)"), of: "acme", 2)
                #expect(try await store.read { try $0.openHoldCount() } == number)
            }
        }
    }
}
