import GatewayTestKit
import Ledger
import Metering
import Primitives
import Receipts
import Testing

struct RecordConformanceTests {
    @Test(arguments: StoreKind.allCases)
    func `a receipt is found as it was written, beside the capture it belongs to`(
        _ kind: StoreKind
    ) async throws {
        try await kind.withStore { store in
            try await store.publishSample()
            try await store.fund("acme", 100_000)
            let usage = Usage([.input: 1000, .cacheRead: 7, .output: 33, .request: 1])
            let receipt = try await store.settle("h", of: "acme", 50_000, usage, at: .second(5))
            // 1000 × 1.1 + 7 × 0.11 + 33 × 4.4 = 1245.97, rounded up once.
            #expect(receipt.charge == 1246)
            #expect(try await store.read { try $0.receipt("h") } == receipt)
            #expect(try await store.read { try $0.receipt("other") } == nil)
            #expect(try await store.read { try $0.receipts(after: nil, limit: 9) } == [receipt])
            #expect(try await store.audit().transferCount == 3)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `receipts are read in id order, a page at a time`(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.publishSample()
            try await store.fund("acme", 100_000)
            for id in ["h3", "h1", "h2"] {
                try await store.settle(InferenceID(id), of: "acme", 1000, Usage([.input: 1]))
            }
            let first = try await store.read { try $0.receipts(after: nil, limit: 2) }
            let second = try await store.read { try $0.receipts(after: "h2", limit: 2) }
            #expect(first.map(\.id) == ["h1", "h2"])
            #expect(second.map(\.id) == ["h3"])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `usage is summed by day and model, of one customer and no older than asked`(
        _ kind: StoreKind
    ) async throws {
        try await kind.withStore { store in
            try await store.publishSample()
            try await store.fund("acme", 100_000)
            try await store.fund("other", 100_000)
            let day = Int64(86_400)
            let usage = Usage([.input: 10, .cacheRead: 5, .output: 3])
            var charges: [Int64] = []
            for (id, second) in [("a", day - 1), ("b", day), ("c", day + 9), ("d", 3 * day)] {
                let receipt = try await store.settle(
                    InferenceID(id),
                    of: "acme",
                    1000,
                    usage,
                    at: .second(second),
                )
                charges.append(receipt.charge.units)
            }
            try await store.settle("e", of: "other", 1000, usage, at: .second(day))
            let sums = try await store.read { try $0.usage(of: "acme", since: .second(day)) }
            let first = Timestamp.second(0).day
            #expect(sums.map(\.day.day) == [first + 3, first + 1])
            #expect(sums.map(\.requests) == [1, 2])
            #expect(sums.map(\.inputTokens) == [15, 30])
            #expect(sums.map(\.outputTokens) == [3, 6])
            #expect(sums.map(\.charge.units) == [charges[3], charges[1] + charges[2]])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a statement lists receipts and credits, the newest first, in pages`(
        _ kind: StoreKind
    ) async throws {
        try await kind.withStore { store in
            try await store.publishSample()
            try await store.fund("acme", 100_000)
            try await store.fund("acme", 50, .usdc)
            try await store.fund("other", 100_000)
            for second in 1...5 {
                let id = InferenceID("h\(second)")
                try await store.settle(
                    id,
                    of: "acme",
                    1000,
                    Usage([.input: 1]),
                    at: .second(Int64(second)),
                )
            }
            try await store.settle("x", of: "other", 1000, Usage([.input: 1]), at: .second(3))
            let pages = try await store.read { transaction in
                try [(0, 3), (3, 3), (6, 3), (9, 3), (0, 0)].map { skipping, limit in
                    try transaction.statement(of: "acme", skipping: skipping, limit: limit)
                        .map(\.name)
                }
            }
            #expect(
                pages == [
                    ["h5", "h4", "h3"], ["h2", "h1", "grant/acme-usdc"], ["grant/acme-usd"], [], [],
                ]
            )
            let lengths = try await store.read { transaction in
                try ["acme", "other", "nobody"].map { try transaction.statementLength(of: $0) }
            }
            #expect(lengths == [7, 2, 0])
        }
    }
}

extension StatementLine {
    fileprivate var name: String {
        switch self {
        case .receipt(let receipt): receipt.id.description
        case .credit(let transfer), .debit(let transfer): transfer.id.description
        }
    }
}
