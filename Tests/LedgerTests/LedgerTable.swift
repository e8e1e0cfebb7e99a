import GatewayTestKit
import Ledger
import Primitives
import Testing

/// Runs rows of `event -> outcome` on a ledger and compares every outcome.
///
///     grant   g1 acme usd 100   -> credits 100 debits 0 held 0
///     hold    h1 acme 70        -> held usd:70
///     capture h1 25 cost 20     -> captured 25
///
/// The books are audited after each row.
struct LedgerTable {
    private var transaction = MemoryTransaction()
    /// What one SOL is worth, in micro-USD; `rate` sets it.
    private var rate: SOLRate?
    private var second: Int64 = 0
    /// The budgets of every hold; `budget` sets them.
    private var budgets: [Budget] = []

    /// Runs the rows in order and records an issue for each that ends otherwise.
    mutating func run(_ rows: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        for row in rows.split(separator: "\n") where !row.allSatisfy(\.isWhitespace) {
            let sides = row.split(separator: ">", maxSplits: 1, omittingEmptySubsequences: false)
            let (event, expected) = (sides[0].dropLast().words, sides[1].words)
            second += 1
            let found = try outcome(of: event).words
            #expect(
                found == expected,
                "\(event.joined(separator: " "))",
                sourceLocation: sourceLocation,
            )
            #expect(throws: Never.self, "\(event)", sourceLocation: sourceLocation) {
                _ = try transaction.auditLedger(page: 2)
            }
        }
    }

    private mutating func outcome(of event: [String]) throws -> String {
        do {
            return try perform(event)
        } catch LedgerError.insufficientFunds(let available, let needed) {
            return "insufficient_funds available \(available) needed \(needed)"
        } catch LedgerError.budgetExceeded(let window, let remaining, let needed) {
            return "budget_exceeded \(window.rawValue) remaining \(remaining) needed \(needed)"
        } catch let error as LedgerError {
            return error.code
        }
    }

    private mutating func perform(_ event: [String]) throws -> String {
        let now = Timestamp.second(second)
        switch (event[0], event.count) {
        case ("rate", 2):
            let rate = Int64(event[1])
            self.rate = rate.map { SOLRate(microdollarsPerSOL: $0, quotedAt: now) }
            return "ok"
        case ("grant", 5): return try grant(event, at: now)
        case ("post", 6): return try post(event, at: now)
        case ("hold", 4): return try hold(event, lease: 60)
        case ("hold", 6): return try hold(event, lease: try number(event[5]))
        case ("capture", 5): return try capture(event, at: now)
        case ("release", 2):
            return try transaction.releaseHold(InferenceID(event[1]), at: now).text
        case ("renew", 3):
            let lease = Timestamp.second(try number(event[2]))
            try transaction.renewHolds([InferenceID(event[1])], until: lease)
            return "ok"
        case ("expire", _): return try expire(event, at: now)
        case ("extend", 3):
            return try transaction.extendHold(
                InferenceID(event[1]),
                to: try amount(event[2]),
                within: budgets,
                at: now,
            ).text
        case ("refund", 3):
            let refund = Refund(of: InferenceID(event[1]), try amount(event[2]), reason: "test")
            return "refunded \(try transaction.give(refund, at: now).refunded ?? .zero)"
        case ("budget", 3):
            let window = try #require(BudgetWindow(rawValue: event[1]))
            budgets.removeAll { $0.window == window }
            budgets.append(Budget(of: .key("k1", of: "acme"), window, try amount(event[2])))
            return "ok"
        case ("day", 2):
            second = (try number(event[1])) * 86_400
            return "ok"
        case (_, 2): return try look(event)
        case (let verb, _):
            Issue.record("no such event: \(verb)")
            return ""
        }
    }

    /// Events that change nothing.
    private mutating func look(_ event: [String]) throws -> String {
        switch event[0] {
        case "balance": return transaction.balance(of: try #require(AccountID(event[1]))).text
        case "funds":
            let funds = try transaction.funds(of: CustomerID(event[1]), solRate: rate)
            return "dollars \(funds.dollars) sol \(funds.solInMicrodollars) "
                + "spendable \(funds.spendable)"
        case "spent":
            let window = try #require(BudgetWindow(rawValue: event[1]))
            let spent = try transaction.spent(
                by: .key("k1", of: "acme"),
                in: window,
                at: .second(second),
            )
            return "charged \(spent) held \(transaction.spending(of: .key("k1", of: "acme")).held)"
        case "transfers":
            return transaction.books.links.map(\.transfer).filter { $0.cause == event[1] }
                .map { "\($0.code.rawValue) \($0.amount) \($0.asset.rawValue)" }
                .joined(separator: " ")
        case let verb:
            Issue.record("no such event: \(verb)")
            return ""
        }
    }

    private mutating func grant(_ event: [String], at now: Timestamp) throws -> String {
        let asset = try #require(Asset(rawValue: event[3]))
        let customer = CustomerID(event[2])
        let grant = Grant.sample(event[1], to: customer, try amount(event[4]), asset)
        _ = try transaction.give(grant, at: now)
        return transaction.balance(of: .customer(customer, asset)).text
    }

    private mutating func capture(_ event: [String], at now: Timestamp) throws -> String {
        let settlement = Settlement(
            price: try amount(event[2]),
            cost: try amount(event[4]),
            provider: "openai",
        )
        return try transaction.captureHold(InferenceID(event[1]), settlement, at: now).text
    }

    private mutating func expire(_ event: [String], at now: Timestamp) throws -> String {
        try transaction.expireHolds(
            leasedBefore: .second(try number(event[1])),
            except: Set(event.dropFirst(2).map { InferenceID($0) }),
            at: now,
            limit: 2,
        ).map(\.id.description).joined(separator: " ")
    }

    private mutating func hold(_ event: [String], lease: Int64) throws -> String {
        let request = HoldRequest.sample(
            InferenceID(event[1]),
            of: CustomerID(event[2]),
            try amount(event[3]),
            placedAt: .second(second),
            lease: .second(lease),
            key: "k1",
            budgets: budgets,
        )
        return try transaction.placeHold(request, solRate: rate).text
    }

    private mutating func post(_ event: [String], at now: Timestamp) throws -> String {
        let transfer = Transfer(
            id: TransferID(event[1]),
            code: try #require(TransferCode(rawValue: event[2])),
            debit: try #require(AccountID(event[3])),
            credit: try #require(AccountID(event[4])),
            amount: try amount(event[5]),
            cause: "test",
            at: now,
        )
        let recorded = try transaction.post(transfer)
        return recorded.at == now ? "posted" : "same"
    }

    private func number(_ text: String) throws -> Int64 { try #require(Int64(text)) }
    private func amount(_ text: String) throws -> Amount { Amount(try number(text)) }
}

extension StringProtocol {
    fileprivate var words: [String] { split { $0 == " " }.map { String($0) } }
}

extension Balance {
    fileprivate var text: String { "credits \(credits) debits \(debits) held \(held)" }
}

extension Hold {
    fileprivate var text: String {
        switch state {
        case .open:
            "held \(parts.map { "\($0.asset.rawValue):\($0.amount)" }.joined(separator: " "))"
        case .captured(let charge): "captured \(charge)"
        case .released: "released"
        case .expired: "expired"
        }
    }
}
