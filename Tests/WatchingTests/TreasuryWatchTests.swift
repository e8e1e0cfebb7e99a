import Deposits
import GatewayTestKit
import Ledger
import Logging
import Primitives
import Testing
import Withdrawals

@testable import Watching

/// What is told of a treasury that has less than the books say.
struct TreasuryWatchTests {
    private let told = Told()

    /// Books that hold 100 USDC on the chain, of which a withdrawal takes 40.
    private static func books() async throws -> MemoryStore {
        let store = MemoryStore()
        try await store.write(.durable) { books in
            try books.insert(.sample("acme"))
            try books.observe(.sample(), at: .second(0))
            try books.bind(.sample(5), to: "acme", at: .second(0))
        }
        return store
    }

    private func watch(
        _ store: MemoryStore,
        _ holdings: @escaping TreasuryWatch<MemoryStore>.Holdings,
    ) -> TreasuryWatch<MemoryStore> {
        let rail = DepositRail(
            chain: "base",
            network: .evm(chainID: 1, hasMemos: false),
            treasury: "0x",
            coins: [DepositRail.Coin(.usdc, token: "0x")],
            isTestnet: true,
        )
        return TreasuryWatch(
            rail,
            store: store,
            pace: WatchedChain.Pace(every: .seconds(1), clock: .continuous, now: { .second(9) }),
            logger: Logger(label: "test") { [told] _ in told },
            holdings: holdings,
        )
    }

    @Test(
        arguments: [
            ([99, 99], 1), ([99, 99, 98, 97], 2), ([99, 98, 99, 98], 1), ([99, 100, 99, 100], 0),
            ([100, 100], 0),
            ([1_000, 100], 0), ([99, 99, 100, 99, 99], 2), ([99, nil, 99], 1), ([99], 0),
            ([nil, nil], 0), ([0, 0], 1),
        ] as [([Int64?], Int)]
    )
    func `what is missing at two looks in a row is told once, and again when it grows`(
        _ holdings: [Int64?],
        _ count: Int,
    ) async throws {
        let store = try await Self.books()
        var last: [Asset: TreasuryWatch<MemoryStore>.Shortfall] = [:]
        for held in holdings {
            let watch = watch(store) {
                guard let held else { throw RPCFailure.unreachable }
                return [.usdc: Amount(held)]
            }
            last = await watch.look(after: last)
        }
        #expect(told.count == count)
    }

    @Test(arguments: [(60, 0), (59, 1)] as [(Int64, Int)])
    func `what is on its way out may be missing, and no more`(
        _ held: Int64,
        _ count: Int,
    ) async throws {
        let store = try await Self.books()
        try await store.write(.durable) { books in
            _ = try books.withdraw(.sample(), at: .second(1))
            try Self.bring(.sample(), to: .broadcast, &books)
        }
        #expect(await isTold(store, of: held) == (count == 1))
    }

    /// Whether somebody is told when the treasury has so much at two looks.
    private func isTold(_ store: MemoryStore, of held: Int64) async -> Bool {
        var last: [Asset: TreasuryWatch<MemoryStore>.Shortfall] = [:]
        for _ in 0..<2 {
            last = await watch(store) { [.usdc: Amount(held)] }.look(after: last)
        }
        return told.count > 0
    }

    /// Of the 100 on `base`, 40 are not there.
    @Test(
        arguments: [
            ("base", .requested, true), ("base", .approved, true), ("base", .broadcast, false),
            ("base", .failed, false), ("base", .givenUp, false), ("base", .rejected, true),
            ("tempo", .requested, true), ("tempo", .approved, true), ("tempo", .broadcast, true),
            ("tempo", .failed, true), ("tempo", .givenUp, true),
        ] as [(String, WithdrawalStage, Bool)]
    )
    func `what leaves over another chain excuses no treasury`(
        _ chain: String,
        _ stage: WithdrawalStage,
        _ isTold: Bool,
    ) async throws {
        let store = try await Self.books()
        let order = Withdrawal.Order(
            id: .sample(),
            chain: chain,
            asset: .usdc,
            amount: 40,
            wallet: .sample(5),
        )
        try await store.write(.durable) { books in
            _ = try books.withdraw(order, at: .second(1))
            try Self.bring(order.id, to: stage, &books)
        }
        #expect(await self.isTold(store, of: 60) == isTold)
    }

    private static func bring(
        _ id: WithdrawalID,
        to stage: WithdrawalStage,
        _ books: inout MemoryTransaction,
    ) throws {
        let payment = Withdrawal.Payment.sample()
        switch stage {
        case .requested: break
        case .approved: try books.approve(id, by: .gateway, at: .second(2))
        case .broadcast:
            try bring(id, to: .approved, &books)
            try books.broadcast(id, payment, at: .second(3))
        case .failed, .confirmed:
            try bring(id, to: .broadcast, &books)
            let outcome =
                stage == .failed
                ? PaymentOutcome.failed(reason: "r", fee: nil)
                : .confirmed(evidence: "block", fee: nil)
            try books.settle(id, payment.transaction, outcome, at: .second(4))
        case .givenUp:
            try bring(id, to: .broadcast, &books)
            try books.giveUp(id, reason: "r", by: .named("ann"), at: .second(4))
        case .rejected: try books.reject(id, reason: "r", by: .gateway, at: .second(2))
        }
    }

    @Test(
        arguments: [
            ("base", 100, false), ("base", 99, true), ("tempo", 100, false), ("tempo", 60, true),
        ] as [(String, Int64, Bool)]
    )
    func `what was rejected on a chain may be sent back over that chain alone`(
        _ chain: String,
        _ held: Int64,
        _ isTold: Bool,
    ) async throws {
        let store = try await Self.books()
        try await store.write(.durable) { books in
            let strange = ObservedDeposit.sample(1, .sample(40, for: nil), on: chain)
            try books.observe(strange, at: .second(1))
            try books.reject(strange.id, reason: "r", by: "ann", at: .second(2))
        }
        #expect(await self.isTold(store, of: held) == isTold)
    }
}
