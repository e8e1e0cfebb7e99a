import Deposits
import GatewayTestKit
import Identity
import Ledger
import Primitives
import Receipts
import Testing

struct DepositConformanceTests {
    private static let customers: [CustomerID] = ["acme", "other"]

    private func withStore(
        _ kind: StoreKind,
        _ body: (AnyStore) async throws -> Void,
    ) async throws {
        try await kind.withStore { store in
            try await store.write(.durable) { transaction in
                for customer in DepositConformanceTests.customers {
                    try transaction.insert(.sample(customer))
                }
            }
            try await body(store)
            try await store.audit()
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a deposit and its steps are found as they were written`(_ kind: StoreKind) async throws {
        try await withStore(kind) { store in
            let seen = ObservedDeposit.sample(0, .sample(sender: 9), isFinal: false)
            let credited = try await store.write(.durable) { transaction in
                try transaction.observe(seen, at: .second(1))
                return try transaction.observe(.sample(), at: .second(2)).deposit
            }
            #expect(credited.state == .credited("acme"))
            #expect(credited.event.sender == .sample(9))
            #expect(try await store.read { try $0.deposit(.sample()) } == credited)
            #expect(try await store.read { try $0.deposit(.sample(1)) } == nil)
            let steps = try await store.read { try $0.steps(of: .sample()) }
            #expect(steps.map(\.kind) == [.seen, .confirmed, .credited])
            #expect(steps.map(\.number) == [1, 2, 3])
            #expect(steps.map(\.at) == [.second(1), .second(2), .second(2)])
            #expect(steps.first?.evidence == "\(BlockReference.sample(1))")
            #expect(try await store.balance(of: "acme", .usdc) == Balance(100, 0))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `where a source is read on is found, and the deposits above a block`(
        _ kind: StoreKind
    ) async throws {
        try await withStore(kind) { store in
            let blocks = try await store.write(.durable) { transaction in
                #expect(try transaction.cursor(of: "blocks/tempo") == nil)
                for place in ["5", "7"] { try transaction.setCursor(place, of: "blocks/tempo") }
                try transaction.setCursor("other", of: "history/solana/a")
                try transaction.observe(.sample(0), at: .second(1))
                return try transaction.deposit(.sample(0))?.block
            }
            let (block, chain) = (try #require(blocks), DepositID.sample(0).chain)
            #expect(try await store.read { try $0.cursor(of: "blocks/tempo") } == "7")
            #expect(try await store.read { try $0.cursor(of: "blocks/base") } == nil)
            let found = try await store.read { transaction in
                try [(chain, block.number - 1), (chain, block.number), ("other", 0)]
                    .map { try transaction.deposits(on: $0, after: $1).map(\.id) }
            }
            #expect(found == [[.sample(0)], [], []])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `the deposits of one chain in one stage are found in order, and no other's`(
        _ kind: StoreKind
    ) async throws {
        try await withStore(kind) { store in
            try await store.write(.durable) { transaction in
                for chain in ["bas", "base", "base-sepolia", "tempo"] {
                    for number in 0..<4 {
                        let isFinal = number == 2
                        try transaction.observe(
                            .sample(number, on: chain, isFinal: isFinal),
                            at: .second(1),
                        )
                    }
                }
            }
            let asked: [(DepositID?, Int)] = [
                (nil, 9), (.sample(0), 9), (.sample(1), 9), (nil, 2), (.sample(3), 9),
            ]
            let found = try await store.read { transaction in
                try asked.map { after, limit in
                    try transaction.deposits(on: "base", in: .seen, after: after, limit: limit)
                        .map(\.id)
                }
            }
            let ids = [0, 1, 3].map { DepositID.sample($0) }
            #expect(found == [ids, [ids[1], ids[2]], [ids[2]], [ids[0], ids[1]], []])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `each step that an operator should hear of is counted on its chain, and no other`(
        _ kind: StoreKind
    ) async throws {
        try await withStore(kind) { store in
            let counts = try await store.write(.durable) { transaction in
                _ = try DepositConformanceTests.everyState(&transaction)
                for amount in [100, 101, 102] as [Amount] {
                    try transaction.observe(.sample(1, .sample(amount)), at: .second(4))
                }
                try transaction.observe(.sample(1, on: "base-sepolia"), at: .second(5))
                try transaction.dropped(
                    .sample(1, on: "base-sepolia"),
                    from: .sample(1),
                    at: .second(6),
                )
                return try ["base", "base-sepolia", "bas"].map {
                    try transaction.alertCounts(on: $0)
                }
            }
            #expect(counts == [[.conflict: 2, .reversed: 5], [.reversed: 1], [:]])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `what could not be read is remembered under its name until it is`(
        _ kind: StoreKind
    ) async throws {
        func unread(
            _ digit: Int,
            on chain: String = "base",
            of node: Int = 1,
        ) throws -> UnreadTransaction {
            try #require(
                UnreadTransaction(
                    chain: chain,
                    transaction: "0x" + String(repeating: "\(digit)", count: 64),
                    node: node,
                    since: .second(1),
                    reason: "a",
                )
            )
        }
        try await withStore(kind) { store in
            let stored =
                try (1...3).map { try unread($0) } + [
                    unread(2, on: "tempo"), unread(4, of: 2), unread(5, of: 3),
                ]
            var told = stored[1]
            (told.isTold, told.reason) = (true, "b")
            told.absence = Absence(since: .second(2), notedAt: .second(3))
            let last = told
            var taken = stored[5]
            taken.node = 2
            let own = taken
            try await store.write(.durable) { transaction in
                for one in stored.reversed() + [last, own] { try transaction.save(one) }
                try transaction.remove(stored[0])
                try transaction.remove(stored[0])
            }
            let found = try await store.read { transaction in
                [
                    try transaction.unread(on: "base", of: 1, after: nil, limit: 9),
                    try transaction.unread(on: "base", of: 1, after: last.transaction, limit: 9),
                    try transaction.unread(on: "base", of: 1, after: nil, limit: 1),
                    try transaction.unread(on: "tempo", of: 1, after: nil, limit: 9),
                    try transaction.unread(on: "base", of: 2, after: nil, limit: 9),
                    try transaction.unread(on: "base", of: 3, after: nil, limit: 9),
                ]
            }
            #expect(
                found == [
                    [last, stored[2]], [stored[2]], [last], [stored[3]], [stored[4], own], [],
                ]
            )
            let (one, none, counts) = try await store.read { transaction in
                (
                    try transaction.unread(last.transaction, on: "base"),
                    try transaction.unread(stored[0].transaction, on: "base"),
                    try ["base", "tempo", "other"].map { try transaction.unreadCounts(on: $0) },
                )
            }
            #expect(one == last && none == nil)
            #expect(counts == [[1: 2, 2: 2], [1: 1], [:]])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `every state is found as it was written`(_ kind: StoreKind) async throws {
        try await withStore(kind) { store in
            let states = try await store.write(.durable) { transaction in
                try DepositConformanceTests.everyState(&transaction)
            }
            let found = try await store.read { transaction in
                try transaction.deposits(in: nil, after: nil, limit: 99).map(\.state)
            }
            #expect(found == states)
            #expect(Set(states).count == states.count)
            let reversed = try await store.read { transaction in
                try transaction.deposits(in: .reversed, after: .sample(3), limit: 1).map(\.id)
            }
            #expect(reversed == [.sample(4)])
        }
    }

    /// One deposit of each state, by number.
    private static func everyState(
        _ transaction: inout any EverySlice
    ) throws -> [Deposit.State] {
        func observe(_ number: Int, _ customer: CustomerID?, isFinal: Bool = true) throws {
            let observed = ObservedDeposit.sample(
                number,
                .sample(for: customer),
                isFinal: isFinal,
            )
            try transaction.observe(observed, at: .second(1))
        }
        try observe(0, "acme", isFinal: false)
        try observe(1, "acme")
        try observe(2, "nobody")
        try observe(3, "acme", isFinal: false)
        try observe(4, nil)
        for number in 5...8 { try observe(number, number.isMultiple(of: 2) ? nil : "other") }
        for number in [3, 4, 5, 7, 8] {
            try transaction.dropped(.sample(number), from: .sample(1), at: .second(2))
        }
        for number in 6...8 {
            try transaction.reject(.sample(number), reason: "r", by: "ann", at: .second(3))
        }
        return [
            .seen, .credited("acme"), .suspended(.unknownCode), .reversed(.seen),
            .reversed(.suspended(.unknownSender)), .reversed(.credited("other", lost: 0)),
            .rejected(reason: "r", gone: nil),
            .rejected(reason: "r", gone: .credited("other", lost: 0)),
            .rejected(reason: "r", gone: .suspended(.unknownSender)),
        ]
    }

    @Test(arguments: StoreKind.allCases)
    func `a hundred reports at once credit once`(_ kind: StoreKind) async throws {
        try await withStore(kind) { store in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<100 {
                    let observed = ObservedDeposit.sample(
                        0,
                        .sample(),
                        block: Int64(1 + number % 2),
                        isFinal: number % 3 > 0,
                    )
                    group.addTask {
                        try await store.write(.durable) { transaction in
                            _ = try transaction.observe(observed, at: .second(Int64(number)))
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await store.balance(of: "acme", .usdc) == Balance(100, 0))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a statement tells what came, was taken back and returned`(
        _ kind: StoreKind
    ) async throws {
        try await withStore(kind) { store in
            let (statement, length) = try await store.write(.durable) { transaction in
                try transaction.observe(.sample(), at: .second(1))
                _ = try transaction.placeHold(.sample("open", of: "acme", 30), solRate: nil)
                try transaction.dropped(.sample(), from: .sample(1), at: .second(2))
                try transaction.observe(.sample(0, block: 2), at: .second(3))
                try transaction.observe(.sample(1, .sample(for: "other")), at: .second(4))
                return (
                    try transaction.statement(of: "acme", skipping: 0, limit: 9),
                    try transaction.statementLength(of: "acme"),
                )
            }
            #expect(statement.map(\.summary) == ["restoration 70", "reversal -70", "deposit 100"])
            #expect(try await store.read { try $0.reversedOfCustomers() } == [.usdc: 70])
            #expect(length == 3)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a wallet's first binding is found, and stands`(_ kind: StoreKind) async throws {
        try await withStore(kind) { store in
            let wallet = Wallet.sample(9)
            #expect(try await store.read { try $0.customer(ofWallet: wallet) } == nil)
            try await store.write(.durable) { transaction in
                try transaction.bind(wallet, to: "acme", at: .second(1))
            }
            await #expect(throws: DepositError.walletBoundToAnother) {
                try await store.write(.durable) { transaction in
                    try transaction.bind(wallet, to: "other", at: .second(2))
                }
            }
            #expect(try await store.read { try $0.customer(ofWallet: wallet) } == "acme")
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a code finds its customer and nobody else`(_ kind: StoreKind) async throws {
        try await withStore(kind) { store in
            let code = Customer.sample("other").depositCode
            let found = try await store.read { transaction in
                try [code, String(code.dropLast()), ""].map {
                    try transaction.customer(ofDepositCode: $0)
                }
            }
            #expect(found == ["other", nil, nil])
            let known = try await store.read { transaction in
                try ["acme", "acm", ""].map { try transaction.isCustomer(CustomerID($0)) }
            }
            #expect(known == [true, false, false])
        }
    }
}

extension StatementLine {
    fileprivate var summary: String {
        switch self {
        case .receipt(let receipt): "receipt \(receipt.charge)"
        case .credit(let transfer): "\(transfer.code) \(transfer.amount)"
        case .debit(let transfer): "\(transfer.code) -\(transfer.amount)"
        }
    }
}
