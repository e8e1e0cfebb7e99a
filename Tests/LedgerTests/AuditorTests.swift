import GatewayTestKit
import Ledger
import Primitives
import Testing

struct AuditorTests {
    /// A grant, a captured hold and an open one, then `change` behind the ledger's back.
    private func difference(
        _ change: @escaping @Sendable (inout MemoryBooks) -> Void
    ) async throws -> AuditDifference? {
        let store = MemoryStore()
        try await store.write(.durable) { transaction in
            _ = try transaction.give(.sample("g", to: "acme", 100), at: .second(0))
            for id in ["h1", "h2"] {
                _ = try transaction.placeHold(
                    .sample(InferenceID(id), of: "acme", 30),
                    solRate: nil,
                )
            }
            let settlement = Settlement(price: 20, cost: 15, provider: "openai")
            _ = try transaction.captureHold("h1", settlement, at: .second(1))
        }
        store.tamper(change)
        do {
            _ = try await store.read { try $0.auditLedger() }
            return nil
        } catch let difference as AuditDifference {
            return difference
        }
    }

    @Test func `right books show no difference`() async throws {
        #expect(try await difference { _ in } == nil)
    }

    @Test func `each wrong thing is named`() async throws {
        let acme = AccountID.customer("acme", .usd)
        #expect(
            try await difference { $0.links.remove(at: 1) }
                == .gap(writer: "gateway", expected: 2, found: 3)
        )
        #expect(
            try await difference { $0.links.swapAt(0, 1) }
                == .gap(writer: "gateway", expected: 1, found: 2)
        )
        #expect(
            try await difference { $0.links.removeLast() }
                == .chainEnd(writer: "gateway", stored: 3, derived: 2)
        )
        #expect(
            try await difference { books in
                books.links[1] = ChainedTransfer(
                    sequence: 2,
                    transfer: books.links[0].transfer,
                    digest: books.links[1].digest,
                )
            } == .brokenChain(writer: "gateway", sequence: 2, transfer: "grant/g")
        )
        #expect(
            try await difference { $0.balances[acme] = Balance(100, 20, held: 29) }
                == .balance(
                    acme,
                    stored: Balance(100, 20, held: 29),
                    derived: Balance(100, 20, held: 30),
                )
        )
        #expect(
            try await difference { $0.holds["h1"] = nil }
                == .charge("h1", stored: "missing", derived: 20)
        )
        #expect(
            try await difference { $0.holds["h1"]?.state = .captured(21) }
                == .charge("h1", stored: "captured(21)", derived: 20)
        )
        #expect(
            try await difference { $0.holds["h2"]?.state = .captured(5) }
                == .charge("h2", stored: "captured(5)", derived: 0)
        )
        #expect(
            try await difference { $0.holds["h2"] = nil }
                == .balance(
                    acme,
                    stored: Balance(100, 20, held: 30),
                    derived: Balance(100, 20),
                )
        )
    }

    @Test(arguments: [("b", "a"), ("a", "a"), ("ab", "a"), ("a1", "a")])
    func `rows of a damaged file that lead back are found, not followed for ever`(
        _ last: InferenceID,
        _ id: InferenceID,
    ) throws {
        #expect(throws: AuditDifference.other("\(id) is out of order: it follows \(last)")) {
            try AuditDifference.requireOrder(of: id, after: last)
        }
        try AuditDifference.requireOrder(of: last, after: nil)
        if last != id { try AuditDifference.requireOrder(of: last, after: id) }
    }
}
