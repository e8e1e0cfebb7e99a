import GatewayTestKit
import Ledger
import Primitives
import Testing

struct FollowingAuditTests {
    @Test(arguments: UInt64(1)...4)
    func `an audit that follows finds what a full one finds: nothing`(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var books = MemoryTransaction()
        var audit = try books.auditLedger()
        for number in 0..<300 {
            try? books.perform(LedgerStep.random(number, using: &random))
            guard number.isMultiple(of: 7) else { continue }
            _ = try audit.follow(&books, page: 2)
            #expect(throws: Never.self) { try books.auditLedger() }
            #expect(try Imbalance.measure(&books) == 0)
        }
        _ = try audit.follow(&books)
        #expect(audit.transferCount == books.books.links.count && audit.transferCount > 20)
    }

    /// What a following audit says of books that were changed behind the ledger's back.
    private func difference(
        _ change: @escaping @Sendable (inout MemoryBooks) -> Void
    ) async throws -> (AuditDifference?, imbalance: Int64) {
        let store = MemoryStore()
        try await store.write(.durable) { transaction in
            _ = try transaction.give(.sample("g", to: "acme", 100), at: .second(0))
            _ = try transaction.placeHold(.sample("h1", of: "acme", 30), solRate: nil)
            _ = try transaction.placeHold(.sample("h2", of: "acme", 40), solRate: nil)
        }
        var audit = try await store.read { try $0.auditLedger() }
        try await store.write(.durable) { transaction in
            let settlement = Settlement(price: 20, cost: 15, provider: "openai")
            _ = try transaction.captureHold("h1", settlement, at: .second(1))
            _ = try transaction.give(Refund(of: "h1", 5, reason: "test"), at: .second(2))
        }
        store.tamper(change)
        let imbalance = try await store.read { try Imbalance.measure(&$0) }
        do {
            let books = try await store.read { $0 }
            var copy = books
            _ = try audit.follow(&copy)
            return (nil, imbalance)
        } catch let difference as AuditDifference {
            return (difference, imbalance)
        }
    }

    @Test func `each wrong thing among what is new is named`() async throws {
        let acme = AccountID.customer("acme", .usd)
        let key = Spender.key("fbx-000000000000", of: "acme")
        let sound = try await difference { _ in }
        #expect(sound.0 == nil && sound.imbalance == 0)
        #expect(
            try await difference { $0.balances[acme]?.held = 39 }
                == (
                    .balance(
                        acme,
                        stored: Balance(105, 20, held: 39),
                        derived: Balance(105, 20, held: 40),
                    ), 0,
                )
        )
        #expect(
            try await difference { $0.balances[acme]?.credits = 106 }
                == (
                    .balance(
                        acme,
                        stored: Balance(106, 20, held: 40),
                        derived: Balance(105, 20, held: 40),
                    ), 1,
                )
        )
        #expect(
            try await difference { $0.holds["h1"]?.state = .captured(19) }.0
                == .charge("h1", stored: "captured(19)", derived: 20)
        )
        #expect(
            try await difference { $0.holds["h1"]?.refunded = 6 }.0
                == .refund("h1", stored: 6, derived: 5)
        )
        #expect(
            try await difference { $0.holds["h1"] = nil }.0
                == .charge("h1", stored: "missing", derived: 20)
        )
        #expect(
            try await difference { $0.spendings[key]?.charged = 14 }.0
                == .spending(
                    key,
                    stored: Spending(charged: 14, held: 40),
                    derived: Spending(charged: 15, held: 40),
                )
        )
        #expect(
            try await difference { $0.links.removeLast() }.0
                == .chainEnd(writer: "gateway", stored: 4, derived: 3)
        )
    }
}
