import Deposits
import GatewayTestKit
import Identity
import Ledger
import Primitives
import Testing
import Withdrawals

struct WithdrawalConformanceTests {
    private func withStore(
        _ kind: StoreKind,
        _ body: (AnyStore) async throws -> Void,
    ) async throws {
        try await kind.withStore { store in
            try await store.write(.durable) { transaction in
                for customer in ["acme", "acme2", "other"] as [CustomerID] {
                    try transaction.insert(.sample(customer))
                }
                try transaction.observe(.sample(), at: .second(1))
                try transaction.observe(.sample(1, .sample(for: "other")), at: .second(1))
                try transaction.observe(.sample(2, .sample(for: "acme2")), at: .second(1))
                for (byte, customer) in [(5, "acme"), (6, "other"), (7, "acme2")]
                    as [(UInt8, CustomerID)]
                {
                    try transaction.bind(.sample(byte), to: customer, at: .second(1))
                }
            }
            try await body(store)
            try await store.audit()
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a withdrawal is found in each state as it was written`(_ kind: StoreKind) async throws {
        try await withStore(kind) { store in
            let written = try await store.write(.durable) { transaction in
                try WithdrawalConformanceTests.everyState(&transaction)
            }
            let found = try await store.read { transaction in
                try transaction.withdrawals(of: "acme", in: nil, after: nil, limit: 99)
            }
            #expect(found == written)
            #expect(found.map(\.state.stage) == WithdrawalStage.allCases + [.approved, .broadcast])
            for withdrawal in written {
                let stage = withdrawal.state.stage
                let (one, listed) = try await store.read { transaction in
                    (
                        try transaction.withdrawal(withdrawal.id),
                        try transaction.withdrawals(of: nil, in: stage, after: nil, limit: 9),
                    )
                }
                #expect(one == withdrawal && listed == written.filter { $0.state.stage == stage })
            }
        }
    }

    /// One of each state, in the order of the states, then one whose transaction's time is over, and one whose
    /// transaction replaces another.
    private static func everyState(
        _ transaction: inout any EverySlice
    ) throws -> [Withdrawal] {
        let ids = try (0..<WithdrawalStage.allCases.count + 2).map { number in
            try transaction.withdraw(.sample("w\(number)", 5), at: .second(2)).id
        }
        for number in [1, 2, 3, 4, 5, 7, 8] {
            try transaction.approve(ids[number], by: .gateway, at: .second(3))
        }
        for number in [2, 3, 4, 5, 7, 8] {
            try transaction.broadcast(ids[number], .sample(UInt8(number)), at: .second(4))
        }
        let expired = Withdrawal.Payment.sample(7).transaction
        try transaction.settle(ids[7], expired, .expired(evidence: "height"), at: .second(5))
        try transaction.broadcast(ids[8], .sample(9, replacing: [8]), at: .second(5))
        try transaction.giveUp(ids[5], reason: "gone", by: .named("ann"), at: .second(5))
        let fee = NetworkFee(.sol, 5)
        try transaction.settle(
            ids[3],
            Withdrawal.Payment.sample(3).transaction,
            .confirmed(evidence: "block", fee: fee),
            at: .second(5),
        )
        try transaction.settle(
            ids[4],
            Withdrawal.Payment.sample(4).transaction,
            .failed(reason: "out of gas", fee: fee),
            at: .second(5),
        )
        try transaction.reject(ids[6], reason: "not now", by: .named("ann"), at: .second(5))
        return try ids.compactMap { try transaction.withdrawal($0) }
    }

    @Test(arguments: StoreKind.allCases)
    func `steps, sums and pages are as they were written`(_ kind: StoreKind) async throws {
        try await withStore(kind) { store in
            try await store.write(.durable) { transaction in
                _ = try WithdrawalConformanceTests.everyState(&transaction)
                let order = Withdrawal.Order.sample("w0", 7, of: "acme2", wallet: .sample(7))
                _ = try transaction.withdraw(order, at: .second(6))
            }
            try await store.read { transaction in
                let steps = try transaction.steps(of: WithdrawalID.sample("w4"))
                #expect(steps.map(\.kind) == [.requested, .approved, .broadcast, .failed])
                #expect(steps.map(\.by) == [.customer, .gateway, .gateway, .gateway])
                #expect(steps.last?.evidence.hasSuffix("out of gas") == true)
                #expect(try transaction.paidIn(by: "acme", .usdc) == 60)
                #expect(try transaction.paidIn(by: "acme", .sol) == 0)
                #expect(try transaction.approvedByRule(since: .second(3)) == [.usdc: 35])
                #expect(try transaction.approvedByRule(since: .second(4)) == [:])
                let totals = try transaction.withdrawalTotals()
                #expect(totals.first { $0.stage == .requested }?.amount == 12)
                #expect(totals.count == 7)
                // Nobody's name is the beginning of another's.
                let mine = try transaction.withdrawals(
                    of: "acme",
                    in: .requested,
                    after: .sample("a"),
                    limit: 9,
                )
                #expect(mine.map(\.id) == [.sample("w0")])
                let page = try transaction.withdrawals(
                    of: "acme",
                    in: nil,
                    after: .sample("w1"),
                    limit: 2,
                )
                #expect(page.map(\.id.name) == ["w2", "w3"])
            }
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `one signed transaction pays one withdrawal`(_ kind: StoreKind) async throws {
        try await withStore(kind) { store in
            try await store.write(.durable) { transaction in
                for name in ["a", "b"] {
                    let id = try transaction.withdraw(.sample(name, 5), at: .second(2)).id
                    try transaction.approve(id, by: .gateway, at: .second(3))
                }
                try transaction.broadcast(.sample("a"), .sample(), at: .second(4))
            }
            await #expect(throws: (any Error).self) {
                try await store.write(.durable) { transaction in
                    _ = try transaction.broadcast(.sample("b"), .sample(), at: .second(4))
                }
            }
            let state = try await store.read { try $0.withdrawal(.sample("b"))?.state }
            #expect(state == .approved(after: nil))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a hundred orders of one name at once take once`(_ kind: StoreKind) async throws {
        try await withStore(kind) { store in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<100 {
                    group.addTask {
                        try await store.write(.durable) { transaction in
                            _ = try transaction.withdraw(.sample(), at: .second(2))
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await store.balance(of: "acme", .usdc) == Balance(100, 40))
        }
    }
}
