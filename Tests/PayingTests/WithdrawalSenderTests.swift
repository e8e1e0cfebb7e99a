import Deposits
import GatewayTestKit
import Identity
import Ledger
import Logging
import Primitives
import Synchronization
import Testing
import Watching
import Withdrawals

@testable import Paying

/// What is signed, kept, sent and asked, and in which order, whatever the chain says.
struct WithdrawalSenderTests {
    private let store = MemoryStore()
    private let payer = HandPayer()

    /// A withdrawal that may be paid.
    private func approved() async throws {
        try await store.write(.durable) { books in
            try books.insert(.sample("acme"))
            try books.observe(.sample(), at: .second(0))
            try books.bind(.sample(5), to: "acme", at: .second(0))
            _ = try books.withdraw(.sample(), at: .second(1))
            try books.approve(.sample(), by: .named("ann"), at: .second(2))
        }
    }

    private func look() async {
        let sender = WithdrawalSender(
            "base",
            payer,
            store: store,
            policy: WithdrawalPolicy(),
            solRate: { nil },
            pace: WatchedChain.Pace(every: .seconds(1), clock: .continuous, now: { .second(9) }),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
        )
        await sender.look()
    }

    private func found() async throws -> Withdrawal {
        let found = try await store.read { $0.withdrawal(.sample()) }
        return try #require(found)
    }

    @Test func `what was signed is kept before it is sent, also where it is not taken`()
        async throws
    {
        try await approved()
        payer.refuses(true)
        await look()
        #expect(try await found().state == .broadcast(.sample(1)))
        #expect(payer.asked == ["sign", "send 1"])
        payer.refuses(false)
        await look()
        #expect(payer.asked == ["sign", "send 1", "outcome 1", "replacement 1", "send 1"])
    }

    @Test func `what can not be kept is not sent`() async throws {
        try await approved()
        store.failNextCommit()
        await look()
        #expect(payer.asked == ["sign"])
    }

    @Test func `nothing is signed anew before the chain was asked about what was signed before`()
        async throws
    {
        try await approved()
        await look()
        payer.outcome(.failed(reason: "another transaction has its nonce", fee: nil))
        await look()
        try await store.write(.durable) { books in
            _ = try books.approve(.sample(), by: .named("ann"), at: .second(10))
        }
        // Nobody knows.
        payer.outcome(nil)
        await look()
        #expect(try await found().state == .approved(after: .sample(1)))
        payer.outcome(.failed(reason: "another transaction has its nonce", fee: nil))
        await look()
        #expect(try await found().state == .broadcast(.sample(2, place: 8)))
        #expect(payer.asked.count { $0 == "sign" } == 2)
    }

    @Test func `what landed after all is not paid twice`() async throws {
        try await approved()
        await look()
        payer.outcome(.failed(reason: "another transaction has its nonce", fee: nil))
        await look()
        #expect(try await found().state.stage == .failed)
        try await store.write(.durable) { books in
            _ = try books.approve(.sample(), by: .named("ann"), at: .second(10))
        }
        payer.outcome(.confirmed(evidence: "block 7", fee: nil))
        await look()
        let transaction = Withdrawal.Payment.sample(1).transaction
        #expect(try await found().state == .confirmed(transaction: transaction))
        #expect(payer.asked.count { $0 == "sign" } == 1)
    }

    @Test func `what an operator gave up is paid when it lands all the same`() async throws {
        try await approved()
        await look()
        try await store.write(.durable) { books in
            _ = try books.giveUp(.sample(), reason: "gone", by: .named("ann"), at: .second(10))
        }
        await look()
        #expect(try await found().state.stage == .givenUp)
        payer.outcome(.confirmed(evidence: "block 7", fee: nil))
        await look()
        let transaction = Withdrawal.Payment.sample(1).transaction
        #expect(try await found().state == .confirmed(transaction: transaction))
        #expect(payer.asked.count { $0 == "sign" } == 1)
    }

    @Test func `what may land yet is signed anew for its own place alone`() async throws {
        try await approved()
        await look()
        try await store.write(.durable) { books in
            _ = try books.giveUp(.sample(), reason: "gone", by: .named("ann"), at: .second(10))
            _ = try books.approve(.sample(), by: .named("ann"), at: .second(11))
        }
        await look()
        #expect(try await found().state == .approved(after: .sample(1)))
        payer.another(.sample(2, replacing: [1]))
        await look()
        #expect(try await found().state == .broadcast(.sample(2, replacing: [1])))
        #expect(payer.asked.count { $0 == "sign" } == 1)
        payer.outcome(.confirmed(evidence: "block", fee: nil), of: 1)
        await look()
        let transaction = Withdrawal.Payment.sample(1).transaction
        #expect(try await found().state == .confirmed(transaction: transaction))
    }

    @Test func `a transaction that is signed for another withdrawal stops that one alone`()
        async throws
    {
        try await approved()
        try await store.write(.durable) { books in
            _ = try books.withdraw(.sample("first", 5), at: .second(3))
            try books.approve(.sample("first"), by: .named("ann"), at: .second(4))
            try books.broadcast(.sample("first"), .sample(1, place: 7), at: .second(5))
        }
        await look()
        #expect(try await found().state == .approved(after: nil))
        #expect(payer.asked.count { $0 == "sign" } == 1)
        // The store goes on.
        try await store.write(.durable) { books in
            _ = try books.give(.sample("still", to: "acme", 1, .usdc), at: .second(11))
        }
    }

    @Test func `a replacement is kept before it is sent, and either of both confirms`() async throws
    {
        for landed in [UInt8(1), 2] {
            let test = WithdrawalSenderTests()
            try await test.approved()
            await test.look()
            test.payer.replacement(.sample(2, replacing: [1]))
            await test.look()
            #expect(try await test.found().state == .broadcast(.sample(2, replacing: [1])))
            #expect(test.payer.asked.suffix(2) == ["replacement 1", "send 2"])
            test.payer.outcome(.confirmed(evidence: "block", fee: nil), of: landed)
            await test.look()
            let transaction = Withdrawal.Payment.sample(landed).transaction
            #expect(try await test.found().state == .confirmed(transaction: transaction))
        }
    }
}

/// A chain that says what it is told to.
private final class HandPayer: ChainPayer {
    private struct State {
        var asked: [String] = []
        var outcome: (UInt8?, PaymentOutcome)?
        var replacement: Withdrawal.Payment?
        var another: Withdrawal.Payment?
        var refuses = false
        var signed: UInt8 = 0
    }

    private let state = Mutex(State())

    var asked: [String] { state.withLock(\.asked) }
    func refuses(_ refuses: Bool) { state.withLock { $0.refuses = refuses } }
    func replacement(_ payment: Withdrawal.Payment?) {
        state.withLock { $0.replacement = payment }
    }
    func another(_ payment: Withdrawal.Payment?) { state.withLock { $0.another = payment } }
    /// What is answered from now on: of the transaction that is asked for, or of that one.
    func outcome(_ outcome: PaymentOutcome?, of transaction: UInt8? = nil) {
        state.withLock { $0.outcome = outcome.map { (transaction, $0) } }
    }

    private func note(_ what: String, _ payment: Withdrawal.Payment) {
        state.withLock { $0.asked.append("\(what) \(payment.raw[0])") }
    }

    func sign(
        _ order: Withdrawal.Order,
        beside waiting: [Withdrawal.Payment],
        at now: Timestamp,
    ) -> Withdrawal.Payment {
        state.withLock { state in
            state.asked.append("sign")
            state.signed += 1
            return .sample(state.signed, place: Int64(state.signed) + 6)
        }
    }

    func send(_ payment: Withdrawal.Payment) throws {
        note("send", payment)
        if state.withLock(\.refuses) { throw RPCFailure.unreachable }
    }

    func outcome(
        of payment: Withdrawal.Payment,
        _ order: Withdrawal.Order,
        at now: Timestamp,
    ) -> (transaction: String, outcome: PaymentOutcome)? {
        note("outcome", payment)
        return state.withLock(\.outcome).map { transaction, outcome in
            (
                transaction.map { Withdrawal.Payment.sample($0).transaction }
                    ?? payment.transaction, outcome,
            )
        }
    }

    func again(_ payment: Withdrawal.Payment, at now: Timestamp) -> Withdrawal.Payment? {
        note("again", payment)
        return state.withLock(\.another)
    }

    func replacement(of payment: Withdrawal.Payment, at now: Timestamp) -> Withdrawal.Payment? {
        note("replacement", payment)
        return state.withLock { state in
            defer { state.replacement = nil }
            return state.replacement
        }
    }
}
