import Ledger
import Primitives
import Simulation
import Testing

struct RunningAuditTests {
    private static let acme = LedgerSide.customer(0)
    private static let hold: InferenceID = "h0"

    /// Something wrong that the ledger never does, as a store could write it.
    struct Tampering: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// What the audit names.
        let word: String
        let tamper: @Sendable (inout LeanBooks) -> Void

        init(
            _ name: String,
            _ word: String,
            _ tamper: @escaping @Sendable (inout LeanBooks) -> Void,
        ) {
            testDescription = name
            self.word = word
            self.tamper = tamper
        }
    }

    private static func changed(
        _ books: inout LeanBooks,
        _ change: (inout Hold) -> Void,
    ) {
        guard var hold = books.hold(RunningAuditTests.hold) else { return }
        change(&hold)
        books.save(hold)
    }

    static let tamperings = [
        Tampering("a balance that no transfer made", "suspense/usd") {
            $0.setBalance(Balance(credits: Amount(5)), of: AccountID(.suspense, .usd))
        },
        Tampering("a debit too much", "revenue/usdc") { books in
            let account = AccountID(.revenue, .usdc)
            var balance = books.balance(of: account)
            balance.debits = Amount(balance.debits.units + 1)
            books.setBalance(balance, of: account)
        },
        Tampering("something held for no hold", "customer/c0/usdc") { books in
            var balance = books.balance(of: .customer(acme, .usdc))
            balance.held = Amount(1)
            books.setBalance(balance, of: .customer(acme, .usdc))
        },
        Tampering("a charge that no transfer paid", "transfers charge 40") { books in
            changed(&books) { $0.state = .captured(Amount(41)) }
        },
        Tampering("a charge that is forgotten", "h0 is released") { books in
            changed(&books) { $0.state = .released }
        },
        Tampering("a hold that is open again", "open holds") { books in
            changed(&books) { $0.state = .open }
        },
        Tampering("a refund that no transfer paid", "refunds 6") { books in
            changed(&books) { $0.refunded = Amount(6) }
        },
        Tampering("a transfer for a hold that is none", "no hold") { books in
            books.append(.sample(cause: "nobody"))
        },
        Tampering("a second charge of a hold", "transfers charge 43") { books in
            books.append(.sample(cause: "h0"))
        },
        Tampering("a day on which nothing was charged", "on day 3") {
            $0.setCharged(Amount(7), by: .customer(acme), on: 3)
        },
        Tampering("a spender that spent nothing", "customer/nobody") {
            $0.setSpending(Spending(charged: Amount(7), held: .zero), of: .customer("nobody"))
        },
    ]

    /// Books with a charge and a refund, as an audit has followed them.
    private func books() throws -> (LedgerWorld, RunningAudit) {
        var world = LedgerWorld()
        var audit = RunningAudit(&world.ledger.books)
        let events: [LedgerEvent] = [
            .observe(SimpleDeposit(id: 1, code: 0)),
            .place(id: 0, customer: 0, key: 0, amount: 60, budgets: [], rate: 0),
            .capture(id: 0, price: 40, cost: 30),
            .refund(id: 0, amount: 5),
        ]
        for event in events {
            #expect(world.take(event) == nil)
            #expect(audit.follow(&world.ledger.books, openHolds: world.oracle.openCount) == nil)
        }
        return (world, audit)
    }

    @Test(arguments: tamperings)
    func `what is wrong for one step is found at that step`(_ one: Tampering) throws {
        var (world, audit) = try books()
        let sound = world.ledger.books
        one.tamper(&world.ledger.books)
        var unsound = world.ledger.books
        let problem = try #require(audit.follow(&world.ledger.books, openHolds: 0))
        #expect(problem.contains(one.word))
        // The full audit agrees, and no longer sees it once it is healed.
        #expect(throws: (any Error).self) { try unsound.auditLedger() }
        var healed = sound
        #expect(throws: Never.self) { try healed.auditLedger() }
    }

    @Test(arguments: tamperings)
    func `an audit that begins with finished books finds what is wrong in them`(
        _ one: Tampering
    ) throws {
        var books = try books().0.ledger.books
        var sound = RunningAudit()
        let silence = sound.follow(books, WrittenRows(everyRowOf: books))
        #expect(silence == nil)
        one.tamper(&books)
        var audit = RunningAudit()
        let problem = audit.follow(books, WrittenRows(everyRowOf: books))
        #expect(problem != nil)
    }

    @Test func `an audit that goes on tells of a hold that is missing`() throws {
        var (world, audit) = try books()
        #expect(audit.follow(&world.ledger.books, openHolds: 1) != nil)
        #expect(audit.follow(&world.ledger.books, openHolds: 0) == nil)
    }
}

extension Transfer {
    fileprivate static func sample(cause: String) -> Transfer {
        Transfer(
            id: "extra",
            code: .cost,
            debit: AccountID(.promotion, .usdc),
            credit: AccountID(.provider("openai"), .usdc),
            amount: Amount(3),
            cause: cause,
            at: Timestamp(microseconds: 0),
        )
    }
}

extension WrittenRows {
    fileprivate init(everyRowOf books: LeanBooks) {
        self.init()
        accounts = books.accounts().map(\.0)
        holds = books.holds(after: nil, limit: .max).map(\.id)
        spenders = books.spendings().map(\.0)
        days = books.dailyCharges().map { SpenderDay(spender: $0.spender, day: $0.day) }
    }
}
