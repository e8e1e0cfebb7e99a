import Deposits
import GatewayTestKit
import Identity
import Ledger
import Primitives
import Testing
import Withdrawals

/// A customer who has paid in 100 USDC and was given 30, and what it takes back.
struct WithdrawalRuleTests {
    private var books = MemoryTransaction()

    private enum Verb: Sendable {
        case approve, approveByRule, reject, broadcast, confirm, expire, fail
        /// What is signed for the same place, and for another one.
        case replace, confirmReplacement, sendAnother, confirmAnother
        /// Its customer rejects it.
        case cancel
        /// An operator says that what was signed never lands.
        case giveUp
    }

    init() throws {
        for customer in ["acme", "other"] as [CustomerID] {
            try books.insert(Customer.sample(customer))
        }
        try books.observe(.sample(), at: .second(0))
        _ = try books.give(.sample("g", to: "acme", 30, .usdc), at: .second(0))
        try books.bind(.sample(5), to: "acme", at: .second(0))
    }

    private mutating func take(_ verb: Verb, at now: Timestamp = .second(9)) throws {
        let (id, payment) = (WithdrawalID.sample(), Withdrawal.Payment.sample())
        let fee = NetworkFee(.sol, 5)
        switch verb {
        case .approve: try books.approve(id, by: .named("ann"), at: now)
        case .approveByRule: try books.approve(id, by: .gateway, at: now)
        case .reject: try books.reject(id, reason: "why", by: .named("ann"), at: now)
        case .broadcast: try books.broadcast(id, payment, at: now)
        case .confirm:
            try books.settle(
                id,
                payment.transaction,
                .confirmed(evidence: "b", fee: fee),
                at: now,
            )
        case .giveUp: try books.giveUp(id, reason: "why", by: .named("ann"), at: now)
        case .cancel: try books.reject(id, reason: "why", by: .customer, at: now)
        case .replace: try books.broadcast(id, .sample(2, replacing: [1]), at: now)
        case .confirmReplacement:
            let landed = Withdrawal.Payment.sample(2).transaction
            try books.settle(id, landed, .confirmed(evidence: "b", fee: fee), at: now)
        case .sendAnother: try books.broadcast(id, .sample(3, place: 8), at: now)
        case .confirmAnother:
            let landed = Withdrawal.Payment.sample(3).transaction
            try books.settle(id, landed, .confirmed(evidence: "b", fee: fee), at: now)
        case .expire: try books.settle(id, payment.transaction, .expired(evidence: "h"), at: now)
        case .fail:
            try books.settle(id, payment.transaction, .failed(reason: "r", fee: fee), at: now)
        }
    }

    private var money: [String] {
        books.accounts().filter { $0.1.posted != 0 && $0.0.owner != .promotion }
            .map { "\($0.0) \($0.1.posted)" }
            .sorted()
    }

    private mutating func audit() throws {
        let ledger = try books.auditLedger()
        var withdrawals = WithdrawalAuditor()
        try withdrawals.audit(&books, after: ledger, page: 1)
        var deposits = DepositAuditor()
        try deposits.audit(&books, after: ledger, beside: withdrawals.derived)
    }

    @Test mutating func `what is asked for can not be spent any more`() throws {
        let made = try books.withdraw(.sample(), at: .second(1))
        #expect(made.state == .requested)
        #expect(money == ["custody/base/usdc -100", "customer/acme/usdc 90", "payout/usdc 40"])
        try audit()
    }

    @Test(
        arguments: [
            ([.approve, .broadcast, .confirm], "confirmed", 90, 0, 5),
            ([.approveByRule, .broadcast, .confirm], "confirmed", 90, 0, 5),
            ([.approve, .broadcast, .expire], "approved", 90, 40, 0),
            ([.approve, .broadcast, .fail], "failed", 90, 40, 5),
            (
                [.approve, .broadcast, .fail, .approve, .broadcast, .confirm], "confirmed", 90, 0,
                5,
            ),
            ([.approve, .broadcast, .fail, .reject], "rejected", 130, 0, 5),
            ([.reject], "rejected", 130, 0, 0), ([.cancel], "rejected", 130, 0, 0),
            ([.approve, .cancel], "rejected", 130, 0, 0),
            ([.approve, .broadcast, .expire, .reject], "rejected", 130, 0, 0),
            ([.approve, .reject], "rejected", 130, 0, 0),
            ([.approve, .approve], "approved", 90, 40, 0),
            ([.approve, .broadcast, .broadcast], "broadcast", 90, 40, 0),
            ([.reject, .reject], "rejected", 130, 0, 0),
            // What comes late or again moves nothing.
            ([.approve, .broadcast, .confirm, .confirm], "confirmed", 90, 0, 5),
            ([.approve, .broadcast, .confirm, .fail], "confirmed", 90, 0, 5),
            ([.approve, .broadcast, .confirm, .expire], "confirmed", 90, 0, 5),
            // What was given up may land, until another one is signed.
            ([.approve, .broadcast, .expire, .confirm], "confirmed", 90, 0, 5),
            // The chain takes its fee for a transaction once.
            ([.approve, .broadcast, .fail, .approve, .confirm], "confirmed", 90, 0, 5),
            ([.approve, .broadcast, .fail, .confirm], "confirmed", 90, 0, 5),
            (
                [.approve, .broadcast, .fail, .approve, .sendAnother, .confirmAnother],
                "confirmed", 90, 0, 10,
            ),
            ([.approve, .broadcast, .fail, .approve, .giveUp, .fail], "failed", 90, 40, 5),
            // What an operator gave up counts when it lands, until he decides otherwise.
            ([.approve, .broadcast, .giveUp], "given_up", 90, 40, 0),
            ([.approve, .broadcast, .giveUp, .giveUp], "given_up", 90, 40, 0),
            ([.approve, .broadcast, .giveUp, .expire], "given_up", 90, 40, 0),
            ([.approve, .broadcast, .giveUp, .confirm], "confirmed", 90, 0, 5),
            ([.approve, .broadcast, .giveUp, .fail], "failed", 90, 40, 5),
            ([.approve, .broadcast, .giveUp, .fail, .fail], "failed", 90, 40, 5),
            ([.approve, .broadcast, .giveUp, .reject], "rejected", 130, 0, 0),
            ([.approve, .broadcast, .giveUp, .reject, .confirm], "rejected", 130, 0, 0),
            ([.approve, .broadcast, .fail, .approve, .giveUp], "given_up", 90, 40, 5),
            ([.approve, .broadcast, .expire, .giveUp, .reject], "rejected", 130, 0, 0),
            ([.approve, .broadcast, .giveUp, .approve, .confirm], "confirmed", 90, 0, 5),
            (
                [.approve, .broadcast, .giveUp, .approve, .sendAnother, .confirm], "broadcast", 90,
                40, 0,
            ),
            (
                [.approve, .broadcast, .giveUp, .approve, .sendAnother, .confirmAnother],
                "confirmed", 90, 0, 5,
            ),
            ([.approve, .broadcast, .expire, .expire, .fail], "approved", 90, 40, 0),
            ([.approve, .broadcast, .expire, .sendAnother, .confirm], "broadcast", 90, 40, 0),
            (
                [.approve, .broadcast, .expire, .sendAnother, .confirmAnother], "confirmed", 90, 0,
                5,
            ),
            // Of those at one place, whichever lands pays.
            ([.approve, .broadcast, .replace, .confirm], "confirmed", 90, 0, 5),
            ([.approve, .broadcast, .replace, .confirmReplacement], "confirmed", 90, 0, 5),
            (
                [.approve, .broadcast, .replace, .confirm, .confirmReplacement], "confirmed", 90,
                0, 5,
            ),
            ([.approve, .broadcast, .confirmReplacement], "broadcast", 90, 40, 0),
            ([.approve, .confirm], "approved", 90, 40, 0),
            ([.confirm], "requested", 90, 40, 0),
        ] as [([Verb], String, Int64, Int64, Int64)]
    )
    private mutating func `money is where the steps have brought it`(
        _ verbs: [Verb],
        _ stage: String,
        _ customer: Int64,
        _ payout: Int64,
        _ fee: Int64,
    ) throws {
        _ = try books.withdraw(.sample(), at: .second(1))
        for verb in verbs { try take(verb) }
        #expect(books.withdrawal(.sample())?.state.stage.rawValue == stage)
        let found = [
            books.balance(of: .customer("acme", .usdc)),
            books.balance(of: AccountID(.payout, .usdc)),
            books.balance(of: AccountID(.custody("base"), .sol)),
            books.balance(of: AccountID(.overrun, .sol)),
            books.balance(of: AccountID(.custody("base"), .usdc)),
        ].map(\.posted)
        let left = stage == "confirmed" ? 40 : 0
        #expect(found == [customer, payout, fee, -fee, Int64(left) - 100])
        try audit()
    }

    @Test(
        arguments: [
            ([], .broadcast, "requested"), ([.approve, .broadcast], .approve, "broadcast"),
            ([.approve, .broadcast], .reject, "broadcast"),
            ([.approve, .broadcast, .confirm], .reject, "confirmed"),
            ([.approve, .broadcast, .confirm], .approve, "confirmed"),
            ([.approve, .broadcast, .confirm], .broadcast, "confirmed"),
            ([.reject], .approve, "rejected"), ([.reject], .broadcast, "rejected"),
            ([.approve, .broadcast, .fail], .broadcast, "failed"),
            ([.approve, .broadcast], .sendAnother, "broadcast"),
            // What was signed may have landed: its customer does not decide that it has not.
            ([.approve, .broadcast, .fail], .cancel, "failed"),
            ([.approve, .broadcast, .giveUp], .cancel, "given_up"),
            ([.approve, .broadcast, .giveUp, .approve], .cancel, "approved"),
            ([.approve, .broadcast, .fail], .giveUp, "failed"),
            ([], .giveUp, "requested"), ([.approve], .giveUp, "approved"),
            ([.approve, .broadcast, .confirm], .giveUp, "confirmed"),
            ([.approve, .broadcast, .expire], .cancel, "approved"),
            ([.approve, .broadcast, .fail, .approve], .cancel, "approved"),
            ([.approve, .broadcast, .replace], .broadcast, "broadcast"),
            ([.approve, .broadcast, .fail], .replace, "failed"),
        ] as [([Verb], Verb, String)]
    )
    private mutating func `what its state does not allow is refused and moves nothing`(
        _ before: [Verb],
        _ verb: Verb,
        _ stage: String,
    ) throws {
        _ = try books.withdraw(.sample(), at: .second(1))
        for verb in before { try take(verb) }
        let (money, steps) = (money, books.steps(of: WithdrawalID.sample()))
        let error = #expect(throws: WithdrawalError.self) { try take(verb) }
        #expect(error?.message == "The withdrawal is \(stage).")
        #expect(self.money == money && books.steps(of: WithdrawalID.sample()) == steps)
    }

    @Test mutating func `asking twice takes once, and another order of the name is refused`() throws
    {
        for _ in 0..<2 { _ = try books.withdraw(.sample(), at: .second(1)) }
        #expect(books.balance(of: .customer("acme", .usdc)).posted == 90)
        #expect(
            throws: WithdrawalError.withdrawalExistsWithDifferentContent(.sample())
        ) { try books.withdraw(.sample("w", 41), at: .second(1)) }
        // Another customer's names are its own.
        #expect(throws: WithdrawalError.walletNotProven) {
            try books.withdraw(.sample(of: "other"), at: .second(1))
        }
    }

    @Test mutating func `what was given is spent, and never withdrawn`() throws {
        let least = WithdrawalError.nothingToWithdraw(.usdc, available: 100)
        #expect(throws: least) { try books.withdraw(.sample("w", 101), at: .second(1)) }
        _ = try books.withdraw(.sample("w", 100), at: .second(1))
        #expect(throws: WithdrawalError.nothingToWithdraw(.usdc, available: 0)) {
            try books.withdraw(.sample("x", 1), at: .second(1))
        }
        try books.reject(.sample(), reason: "", by: .customer, at: .second(2))
        _ = try books.withdraw(.sample("x", 100), at: .second(3))
        try audit()
    }

    @Test mutating func `what is spent or held is not withdrawn`() throws {
        _ = try books.placeHold(.sample("spent", of: "acme", 50), solRate: nil)
        let settlement = Settlement(price: 50, cost: 50, provider: "openai")
        _ = try books.captureHold("spent", settlement, at: .second(1))
        _ = try books.placeHold(.sample("open", of: "acme", 60), solRate: nil)
        #expect(throws: WithdrawalError.nothingToWithdraw(.usdc, available: 20)) {
            try books.withdraw(.sample("w", 21), at: .second(1))
        }
        _ = try books.withdraw(.sample("w", 20), at: .second(1))
        try audit()
    }

    @Test mutating func `a deposit that leaves its chain after it was withdrawn is ours to bear`()
        throws
    {
        _ = try books.withdraw(.sample("w", 100), at: .second(1))
        try books.pay(.sample(), at: .second(2))
        try books.dropped(.sample(), from: .sample(1), at: .second(3))
        #expect(books.balance(of: AccountID(.overrun, .usdc)).posted == -70 - 2)
        #expect(books.balance(of: .customer("acme", .usdc)).posted == 0)
        #expect(throws: WithdrawalError.nothingToWithdraw(.usdc, available: 0)) {
            try books.withdraw(.sample("x", 1), at: .second(4))
        }
        try audit()
    }

    @Test(arguments: [(Wallet.sample(5), "base", true), (.sample(6), "base", false)])
    mutating func `money goes to a wallet that is proven on its chain alone`(
        _ wallet: Wallet,
        _ chain: String,
        _ isProven: Bool,
    ) throws {
        let contract = try #require(Wallet.sample(7).on("other-chain"))
        try books.bind(contract, to: "acme", at: .second(1))
        #expect(throws: WithdrawalError.walletNotProven) {
            try books.withdraw(.sample("v", wallet: .sample(7)), at: .second(1))
        }
        let here = try #require(Wallet.sample(8).on("base"))
        try books.bind(here, to: "acme", at: .second(1))
        _ = try books.withdraw(.sample("here", 1, wallet: .sample(8)), at: .second(1))
        let order = Withdrawal.Order.sample("w", 1, wallet: wallet)
        if isProven {
            _ = try books.withdraw(order, at: .second(1))
        } else {
            #expect(throws: WithdrawalError.walletNotProven) {
                try books.withdraw(order, at: .second(1))
            }
        }
    }

    @Test mutating func `every step is kept, with who made it`() throws {
        _ = try books.withdraw(.sample(), at: .second(1))
        for verb in [Verb.approve, .broadcast, .expire, .broadcast, .confirm] { try take(verb) }
        let steps = books.steps(of: WithdrawalID.sample())
        #expect(
            steps.map { "\($0.number) \($0.kind) \($0.by)" } == [
                "1 requested customer", "2 approved operator/ann", "3 broadcast gateway",
                "4 expired gateway", "5 broadcast gateway", "6 confirmed gateway",
            ]
        )
    }

    @Test(arguments: ["w", "a-b_c.1", String(repeating: "a", count: 64)])
    func `a withdrawal's name is read as it is printed`(_ name: String) {
        let id = WithdrawalID.sample(name)
        #expect(WithdrawalID("\(id)") == id)
    }

    @Test(arguments: ["", "a/b", "a b", "é", String(repeating: "a", count: 65)])
    func `what is no name names no withdrawal`(_ name: String) {
        #expect(WithdrawalID(customer: "acme", name: name) == nil)
        #expect(WithdrawalID("acme/\(name)") == nil)
    }
}
