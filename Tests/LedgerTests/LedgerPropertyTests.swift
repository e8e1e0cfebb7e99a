import GatewayTestKit
import Ledger
import Primitives
import Testing

struct LedgerPropertyTests {
    @Test(arguments: UInt64(1)...6)
    func `after every step the books balance and nobody is below zero`(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var transaction = MemoryTransaction()
        var outcomes: [String: Int] = [:]
        for number in 0..<150 {
            let step = LedgerStep.random(number, using: &random)
            outcomes[transaction.take(step), default: 0] += 1
            try checkBooks(transaction, "seed \(seed), step \(number): \(step)")
        }
        // A sequence that is always refused would prove nothing.
        #expect(outcomes["done", default: 0] > 40, "seed \(seed): \(outcomes)")
        #expect(outcomes.count >= 4, "seed \(seed): \(outcomes)")
    }

    private func checkBooks(_ transaction: MemoryTransaction, _ place: String) throws {
        var transaction = transaction
        var debits: [Asset: Int64] = [:]
        var credits: [Asset: Int64] = [:]
        for (account, balance) in transaction.accounts() {
            debits[account.asset, default: 0] += balance.debits.units
            credits[account.asset, default: 0] += balance.credits.units
            if case .customer = account.owner {
                try #require(balance.posted >= balance.held.units, "\(place)")
            }
            try #require(balance.held.units == held(account, transaction), "\(place)")
        }
        try #require(debits == credits, "\(place)")
        for hold in transaction.holds(after: nil, limit: .max) {
            if case .captured(let charge) = hold.state {
                try #require(charge <= hold.amount, "\(place)")
            }
        }
        #expect(throws: Never.self, "\(place)") { try transaction.auditLedger() }
    }

    private func held(_ account: AccountID, _ transaction: MemoryTransaction) -> Int64 {
        transaction.holds(after: nil, limit: .max)
            .filter { $0.state == .open && account.owner == .customer($0.customer) }
            .flatMap(\.parts)
            .reduce(0) { $0 + ($1.asset == account.asset ? $1.amount.units : 0) }
    }
}

extension MemoryTransaction {
    /// Takes one step and says how it ended; a refusal has written nothing.
    fileprivate mutating func take(_ step: LedgerStep) -> String {
        let before = books
        do {
            try perform(step)
            return "done"
        } catch let error as LedgerError {
            #expect(before.balances == books.balances && before.holds == books.holds)
            #expect(before.links == books.links)
            return error.code
        } catch {
            Issue.record(error)
            return "\(error)"
        }
    }
}

extension MemoryTransaction {
    /// Takes one step.
    mutating func perform(_ step: LedgerStep) throws {
        switch step {
        case .give(let grant, let now): _ = try give(grant, at: now)
        case .place(let request, let rate): _ = try placeHold(request, solRate: rate)
        case .capture(let id, let settlement, let now):
            _ = try captureHold(id, settlement, at: now)
        case .release(let id, let now): _ = try releaseHold(id, at: now)
        case .expire(let deadline, let live):
            _ = try expireHolds(leasedBefore: deadline, except: live, at: deadline)
        case .extend(let id, let target, let budgets, let now):
            _ = try extendHold(id, to: target, within: budgets, at: now)
        case .refund(let refund, let now): _ = try give(refund, at: now)
        case .renew(let ids, let lease): try renewHolds(ids, until: lease)
        }
    }
}
