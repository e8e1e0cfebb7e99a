import Deposits
import Ledger
import Primitives
import Withdrawals

/// The ledger and the oracle, told the same events and compared after each.
package struct LedgerWorld: Sendable {
    package var ledger: LedgerSide
    package var oracle: Oracle
    private var conservation = Conservation()
    /// Each customer and then its keys, as the oracle's sums of them are ordered.
    private let spenders: [SimpleSpender]
    private let keys: Int
    /// Every account and where the books have it, as the oracle's sums are ordered.
    private let accounts: [(account: AccountID, place: Int)]

    package init(customers: Int = 3, keys: Int = 2) {
        ledger = LedgerSide(customers: customers)
        oracle = Oracle(customers: customers)
        self.keys = keys
        spenders = (0..<customers).flatMap { customer in
            [.customer(customer)] + (0..<keys).map { .key($0, of: customer) }
        }
        let owners = Oracle.Place.ours + (0..<customers).map { .customer($0) }
        var books = ledger.books
        accounts = owners.flatMap { owner in
            Asset.allCases.map { asset in
                let account = owner.account(asset)
                return (account, books.place(of: account))
            }
        }
        ledger.books = books
    }

    /// Lets an event happen on both sides.
    ///
    /// - Returns: the first thing in which they differ; `nil` where they agree.
    package mutating func take(_ event: LedgerEvent) -> String? {
        let expected = oracle.take(event)
        let found = ledger.take(event)
        guard found == expected else {
            return "the ledger says \(found), the oracle \(expected)"
        }
        return conservation.problem(in: ledger.books) ?? difference
    }

    /// Where the stored sums are not the oracle's, or do not add up.
    private var difference: String? {
        let held = oracle.held
        var surplus = [Int128](repeating: 0, count: Asset.allCases.count)
        for (slot, (account, place)) in accounts.enumerated() {
            let stored = ledger.books.balance(at: place)
            let sums = oracle.sums[slot]
            guard Int128(stored.debits.units) == sums.debits,
                Int128(stored.credits.units) == sums.credits,
                Int128(stored.held.units) == held[slot]
            else {
                return "\(account): stored \(stored), the oracle has debits \(sums.debits) "
                    + "credits \(sums.credits) held \(held[slot])"
            }
            if case .customer = account.owner, stored.posted < stored.held.units {
                return "\(account) is below what it holds: \(stored)"
            }
            surplus[account.asset.index] += sums.debits - sums.credits
        }
        guard surplus.allSatisfy({ $0 == 0 }) else { return "debits less credits: \(surplus)" }
        return spendingDifference
    }

    private var spendingDifference: String? {
        let day = oracle.today
        for (one, expected) in zip(spenders, oracle.spending(keys: keys)) {
            let spender = one.spender
            let stored = ledger.books.spending(of: spender)
            let today = ledger.books.charged(by: spender, on: day)
            guard Int128(stored.charged.units) == expected.charged,
                Int128(stored.held.units) == expected.held,
                Int128(today.units) == expected.today
            else {
                return "\(spender): stored \(stored) today \(today), the oracle has \(expected)"
            }
        }
        return nil
    }

    /// What the auditor says of the books; `nil` where they are clean.
    package mutating func audit() -> String? {
        do {
            let audit = try ledger.books.auditLedger()
            var withdrawals = WithdrawalAuditor()
            try withdrawals.audit(&ledger.books, after: audit)
            var deposits = DepositAuditor()
            try deposits.audit(&ledger.books, after: audit, beside: withdrawals.derived)
            guard audit.openHoldCount == oracle.openCount else {
                return "the audit counts \(audit.openHoldCount) open holds"
            }
            return nil
        } catch {
            return "the audit: \(error)"
        }
    }

    /// How the events of a world went.
    package struct Run: Sendable {
        /// The first failure: at which event, and what it was.
        package var failure: (index: Int, problem: String)?
        /// How many sums and holds the running audit compared.
        package var comparisons = 0
        package var fullAudits = 0
    }

    /// Runs all events of a world.
    ///
    /// After each the books are compared with the oracle's, and audited from where the audit
    /// stopped; every so often and at the end they are audited in full.
    package static func run(_ events: [LedgerEvent], auditEvery interval: Int) -> Run {
        var world = LedgerWorld()
        var audit = RunningAudit(&world.ledger.books)
        var run = Run()
        for (index, event) in events.enumerated() {
            var problem =
                world.take(event)
                ?? audit.follow(&world.ledger.books, openHolds: world.oracle.openCount)
            if problem == nil, (index + 1).isMultiple(of: interval) || index == events.count - 1 {
                problem = world.audit()
                run.fullAudits += 1
            }
            run.failure = problem.map { (index, $0) }
            guard problem == nil else { break }
        }
        run.comparisons = audit.comparisons
        return run
    }
}

extension Oracle {
    package var openCount: Int { slots.count { $0?.status == .open } }
}

extension Oracle.Place {
    func account(_ asset: Asset) -> AccountID {
        switch self {
        case .customer(let number): .customer(LedgerSide.customer(number), asset)
        case .custody: AccountID(.custody("chain"), asset)
        case .provider: AccountID(.provider("openai"), asset)
        case .revenue: AccountID(.revenue, asset)
        case .overrun: AccountID(.overrun, asset)
        case .promotion: AccountID(.promotion, asset)
        case .suspense: AccountID(.suspense, asset)
        case .payout: AccountID(.payout, asset)
        }
    }
}
