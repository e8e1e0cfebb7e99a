import Deposits
import FoundationEssentials
import Gateway
import GatewayTestKit
import Identity
import Ledger
import Pricing
import Primitives
import Testing
import Withdrawals

struct OperatorFiguresTests {
    /// What the operator is told of USDC after `events`.
    private func usdc(
        _ events: @escaping @Sendable (inout MemoryStore.Transaction) throws -> Void
    ) async throws -> [String: Int64] {
        let store = MemoryStore()
        try await store.write(.durable) { transaction in
            try transaction.insert(.sample("acme"))
            _ = try transaction.give(.sample("g", to: "acme", 1000, .usdc), at: .second(0))
            try events(&transaction)
        }
        let rates = RateBook(try RateCardDraft.sample().published())
        let operations = Operations(store: store, rates: rates, time: HandClock().source)
        let told = try JSONEncoder().encode(try await operations.figures(rails: [:]))
        let figures = try JSONDecoder().decode(Figures.self, from: told)
        let audit = try await store.read { try $0.auditLedger() }
        #expect(audit.openHoldCount == 0)
        return figures.assets["usdc"] ?? [:]
    }

    private struct Figures: Decodable {
        let assets: [String: [String: Int64]]
    }

    /// Charges 130: 100 are the provider's.
    private static func charge(_ transaction: inout MemoryStore.Transaction) throws {
        _ = try transaction.placeHold(.sample("h", of: "acme", 200), solRate: nil)
        let settlement = Settlement(price: 130, cost: 100, provider: "openai")
        _ = try transaction.captureHold("h", settlement, at: .second(1))
    }

    @Test func `after a grant, a deposit, a charge and a refund the figures add up`() async throws {
        let figures = try await usdc { transaction in
            try transaction.observe(.sample(), at: .second(1))
            try transaction.observe(.sample(1, .sample(for: nil)), at: .second(1))
            try OperatorFiguresTests.charge(&transaction)
            _ = try transaction.give(Refund(of: "h", 7, reason: "sorry"), at: .second(2))
        }
        #expect(
            figures == [
                "deposits": 100, "suspense": 100, "payout": 0, "grants": 1000, "charges": 130,
                "refunds": 7,
                "withdrawals": 0,
                "providerCost": 100, "margin": 30 - 7, "overrun": 0,
                "liabilities": 1000 + 100 - 130 + 7, "held": 0,
            ]
        )
    }

    @Test func `a deposit that left its chain is no charge, and what was spent of it is ours`()
        async throws
    {
        let figures = try await usdc { transaction in
            try transaction.observe(.sample(), at: .second(1))
            try OperatorFiguresTests.charge(&transaction)
            // All but 60 is spent.
            _ = try transaction.placeHold(.sample("i", of: "acme", 910), solRate: nil)
            let settlement = Settlement(price: 910, cost: 910, provider: "openai")
            _ = try transaction.captureHold("i", settlement, at: .second(1))
            try transaction.dropped(.sample(), from: .sample(1), at: .second(2))
        }
        #expect(
            figures == [
                "deposits": 40, "suspense": 100, "payout": 0, "grants": 1000, "charges": 1040,
                "refunds": 0,
                "withdrawals": 0,
                "providerCost": 1010, "margin": 30 - 40, "overrun": 40,
                "liabilities": 0, "held": 0,
            ]
        )
    }

    @Test func `what was withdrawn is no charge, and what came back was no withdrawal`()
        async throws
    {
        let figures = try await usdc { transaction in
            try transaction.observe(.sample(), at: .second(1))
            try transaction.bind(.sample(5), to: "acme", at: .second(1))
            for (name, amount) in [("a", 30), ("b", 50)] as [(String, Int64)] {
                _ = try transaction.withdraw(.sample(name, Amount(amount)), at: .second(2))
            }
            try transaction.reject(.sample("b"), reason: "", by: .customer, at: .second(3))
            try transaction.pay(.sample("a"), at: .second(3))
        }
        #expect(
            figures == [
                "deposits": 100, "suspense": 0, "payout": 0, "grants": 1000, "charges": 0,
                "refunds": 0,
                "withdrawals": 30, "providerCost": 0, "margin": -2, "overrun": 2,
                "liabilities": 1000 + 100 - 30, "held": 0,
            ]
        )
    }
}
