import Primitives
import Simulation
import Testing
import Withdrawals

struct OracleTests {
    @Test(arguments: UInt64(1)...20)
    func `the ledger does in random worlds what the oracle says`(_ seed: UInt64) {
        var dice = Dice(seed: seed)
        let events = LedgerEvent.random(300, &dice)
        let run = LedgerWorld.run(events, auditEvery: 50)
        #expect(run.failure == nil, "make simulate WORLD=ledger SEED=\(seed) STEPS=300 AUDIT=50")
        #expect(run.fullAudits == 6 && run.comparisons > 200)
    }

    @Test func `every order of up to four events ends as the oracle says`() {
        var worlds = SmallWorlds()
        worlds.run(length: 4)
        #expect(worlds.failure == nil)
        // Nine letters, and after the two that are only visible a tenth.
        #expect(worlds.sequences == 7051)
    }

    @Test(arguments: [
        SimpleDeposit(id: 0, code: 0), SimpleDeposit(id: 0, sender: 0),
        SimpleDeposit(id: 0, code: 7),
    ])
    func `every order of up to three events of a deposit ends as the oracle says`(
        _ deposit: SimpleDeposit
    ) {
        var worlds = SmallWorlds(of: deposit)
        worlds.run(length: 3)
        #expect(worlds.failure == nil)
        let letters = deposit.sender == nil ? 10 : 11
        #expect(worlds.sequences == letters * letters * letters)
    }

    @Test func `worlds are neither all refusals nor all alike`() {
        var outcomes: [Outcome: Int] = [:]
        for seed in UInt64(1)...60 {
            var dice = Dice(seed: seed)
            var oracle = Oracle(customers: 3)
            for event in LedgerEvent.random(300, &dice) {
                let outcome = oracle.take(event)
                if case .refused(let words) = outcome {
                    let code = String(words.prefix { $0 != " " })
                    outcomes[.refused(code), default: 0] += 1
                } else if case .deposit(let words) = outcome {
                    let state = String(words.filter { !$0.isNumber })
                    outcomes[.deposit(state), default: 0] += 1
                } else {
                    outcomes[outcome, default: 0] += 1
                }
            }
        }
        #expect(outcomes[.done, default: 0] > 1500, "\(outcomes)")
        #expect(outcomes[.same, default: 0] > 50, "\(outcomes)")
        for code in [
            "insufficient_funds", "budget_exceeded", "hold_exists_with_different_content",
            "hold_already_resolved", "hold_not_found", "amount_overflow", "already_refunded",
            "refund_exceeds_charge", "transfer_exists_with_different_content",
            "deposit_is_empty", "deposit_not_found", "deposit_not_suspended",
            "deposit_credited_to_another", "deposit_customer_not_found", "wallet_bound_to_another",
            "insufficient_withdrawable", "wallet_not_proven", "withdrawal_not_found",
            "withdrawal_exists_with_different_content", "withdrawal_in_another_state",
        ] {
            #expect(outcomes[.refused(code), default: 0] > 0, "\(code) in \(outcomes)")
        }
        for stage in WithdrawalStage.allCases.map(\.rawValue) {
            #expect(outcomes[.withdrawal(stage), default: 0] > 0, "\(stage) in \(outcomes)")
        }
        for words in [
            "seen", "credited c", "suspended unknown_code", "suspended unknown_sender",
            "suspended conflict", "reversed", "reversed, credited c ",
            "reversed, suspended unknown_code", "reversed, suspended unknown_sender",
            "reversed, suspended conflict", "rejected",
        ] {
            #expect(outcomes[.deposit(words), default: 0] > 0, "\(words) in \(outcomes)")
        }
    }

    @Test func `a shrunk list fails, and no event of it can be left out`() {
        let fails: ([Int]) -> Bool = {
            $0.contains(7) && $0.contains(42) && $0.count { $0 > 90 } > 1
        }
        let shortest = Shrinker.shrink(Array(0..<100), fails)
        #expect(fails(shortest) && shortest.count == 4)
        for index in shortest.indices {
            var shorter = shortest
            shorter.remove(at: index)
            #expect(!fails(shorter))
        }
    }

    @Test func `the same seed makes the same world`() {
        var (first, second, other) = (Dice(seed: 5), Dice(seed: 5), Dice(seed: 6))
        let events = LedgerEvent.random(50, &first)
        #expect(events == LedgerEvent.random(50, &second))
        #expect(events != LedgerEvent.random(50, &other))
    }
}
