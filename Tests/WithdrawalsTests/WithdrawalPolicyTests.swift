import Deposits
import GatewayTestKit
import Identity
import Ledger
import Primitives
import Testing
import Withdrawals

/// When a withdrawal goes out without an operator's word.
struct WithdrawalPolicyTests {
    private static let policy = WithdrawalPolicy(limit: 100, coolDown: .seconds(10), minimum: 1)
    private static let rate = SOLRate(microdollarsPerSOL: 1_000_000_000, quotedAt: .second(0))

    private struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let orders: [(Amount, Asset)]
        let at: Int64
        var rate: SOLRate?
        let approved: Int
        var testDescription: String { name }
    }

    private static let cases = [
        Case(name: "in its cool-down", orders: [(40, .usdc)], at: 10, approved: 0),
        Case(name: "after it", orders: [(40, .usdc)], at: 11, approved: 1),
        Case(name: "all of the limit", orders: [(100, .usdc)], at: 11, approved: 1),
        Case(name: "more than the limit", orders: [(101, .usdc)], at: 11, approved: 0),
        Case(name: "two within", orders: [(60, .usdc), (40, .pathusd)], at: 11, approved: 2),
        Case(
            name: "the second beyond",
            orders: [(60, .usdc), (41, .pathusd)],
            at: 11,
            approved: 1,
        ),
        Case(name: "SOL without a rate", orders: [(1, .sol)], at: 11, approved: 0),
        Case(name: "SOL with one", orders: [(100, .sol)], at: 11, rate: rate, approved: 1),
        Case(name: "SOL beyond", orders: [(101, .sol)], at: 11, rate: rate, approved: 0),
        Case(
            name: "dollars after SOL that nobody can value",
            orders: [(1, .sol), (1, .usdc)],
            at: 11,
            approved: 1,
        ),
    ]

    @Test(arguments: cases)
    private func `the rule approves what is due and within the limit`(_ one: Case) throws {
        var books = try WithdrawalPolicyTests.books()
        for (number, order) in one.orders.enumerated() {
            let order = Withdrawal.Order.sample("w\(number)", order.0, order.1)
            _ = try books.withdraw(order, at: .second(1))
        }
        let states = try one.orders.indices.map { number in
            try books.approveIfDue(
                .sample("w\(number)"),
                WithdrawalPolicyTests.policy,
                one.rate,
                at: .second(one.at),
            ).state
        }
        #expect(states.count { $0 == .approved(after: nil) } == one.approved)
    }

    @Test func `what was approved a day ago counts no more, what was rejected since does`() throws {
        var books = try WithdrawalPolicyTests.books()
        let policy = WithdrawalPolicyTests.policy
        for name in ["a", "b", "c"] { _ = try books.withdraw(.sample(name, 100), at: .second(1)) }
        let day: Int64 = 86_400
        #expect(
            try books.approveIfDue(.sample("a"), policy, nil, at: .second(11)).state.stage
                == .approved
        )
        try books.reject(.sample("a"), reason: "", by: .customer, at: .second(12))
        let last = try books.approveIfDue(.sample("b"), policy, nil, at: .second(11 + day))
        #expect(last.state == .requested)
        let next = try books.approveIfDue(.sample("b"), policy, nil, at: .second(12 + day))
        #expect(next.state.stage == .approved)
        // An operator's word is beside the limit.
        try books.approve(.sample("c"), by: .named("ann"), at: .second(12 + day))
        #expect(books.approvedByRule(since: .second(12 + day)) == [.usdc: 100])
    }

    @Test func `what left its chain in the cool-down is not paid out, until it is back`() throws {
        var books = try WithdrawalPolicyTests.books()
        let policy = WithdrawalPolicyTests.policy
        _ = try books.withdraw(.sample("w", 100), at: .second(1))
        let usdc = try #require(Asset.allCases.firstIndex(of: .usdc))
        try books.dropped(.sample(usdc), from: .sample(1), at: .second(5))
        let gone = try books.approveIfDue(.sample("w"), policy, nil, at: .second(11))
        #expect(gone.state == .requested)
        try books.observe(.sample(usdc, .sample(1000), block: 2), at: .second(12))
        let back = try books.approveIfDue(.sample("w"), policy, nil, at: .second(13))
        #expect(back.state.stage == .approved)
    }

    private static func books() throws -> MemoryTransaction {
        var books = MemoryTransaction()
        try books.insert(Customer.sample("acme"))
        for (number, asset) in Asset.allCases.enumerated() {
            try books.observe(.sample(number, .sample(1000, asset)), at: .second(0))
        }
        try books.bind(.sample(5), to: "acme", at: .second(0))
        return books
    }
}
