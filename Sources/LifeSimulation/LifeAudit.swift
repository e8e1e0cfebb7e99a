import GatewayTestKit
import Identity
import Ledger
import Primitives
import Receipts
import Simulation

/// What must be true of the books after each write, and not at the end of a life only.
///
/// It goes on from where it stopped, so that a step costs what it wrote.
struct LifeAudit: Sendable {
    private var running = RunningAudit()
    /// How many writes it looked at.
    private(set) var steps = 0
    /// How many stored sums and holds it compared.
    var comparisons: Int { running.comparisons }

    /// Takes everything that books hold: those of a first start, or what a disk has kept.
    ///
    /// - Returns: the first thing in them that is wrong; `nil` where there is none.
    mutating func begin(_ books: MemoryBooks) -> String? {
        var written = WrittenRows()
        written.accounts = Array(books.balances.keys)
        written.holds = Array(books.holds.keys)
        written.spenders = Array(books.spendings.keys)
        for (spender, days) in books.dailyCharges {
            for day in days.keys {
                written.days.append(WrittenRows.SpenderDay(spender: spender, day: day))
            }
        }
        return problem(in: books, written)
    }

    /// Goes on to what one write has made of the books.
    ///
    /// - Parameters:
    ///   - transaction: as the write left it.
    ///   - before: as the write found it.
    /// - Returns: the first thing that is wrong; `nil` where there is none.
    mutating func follow(
        _ transaction: MemoryTransaction,
        after before: MemoryTransaction,
    ) -> String? {
        guard transaction.writeCount > before.writeCount else { return nil }
        steps += 1
        return problem(
            in: transaction.books,
            WrittenRows(transaction.written[before.written.count...]),
        )
    }

    private mutating func problem(in books: MemoryBooks, _ written: WrittenRows) -> String? {
        running.follow(books, written)
            ?? LifeAudit.imbalance(of: books)
            ?? LifeAudit.receiptProblem(in: books, written.holds)
            ?? LifeAudit.budgetProblem(in: books, written.spenders)
    }

    /// Nothing is made and nothing lost: the debits of an asset are its credits.
    private static func imbalance(of books: MemoryBooks) -> String? {
        var surplus = [Int128](repeating: 0, count: Asset.allCases.count)
        for (account, balance) in books.balances {
            surplus[account.asset.index] +=
                Int128(balance.debits.units) - Int128(balance.credits.units)
        }
        return surplus.allSatisfy { $0 == 0 } ? nil : "debits less credits: \(surplus)"
    }

    /// A charge and its receipt are one write.
    private static func receiptProblem(
        in books: MemoryBooks,
        _ holds: [InferenceID],
    ) -> String? {
        for id in holds {
            let (state, receipt) = (books.holds[id]?.state, books.receipts[id])
            switch (state, receipt?.charge) {
            case (.captured(let charge), let receipted?) where charge == receipted: continue
            case (.open, nil), (.released, nil), (.expired, nil): continue
            case (_, let charge):
                return "\(id) is \(state.map { "\($0)" } ?? "no hold"), "
                    + "its receipt charges \(charge?.description ?? "nothing")"
            }
        }
        let captured = books.holds.values.count {
            if case .captured = $0.state { true } else { false }
        }
        guard captured == books.receipts.count else {
            return "\(books.receipts.count) receipts for \(captured) charges"
        }
        return nil
    }

    /// A budget covers what its key has spent and what is held for it.
    private static func budgetProblem(in books: MemoryBooks, _ spenders: [Spender]) -> String? {
        for case .key(let id, of: let customer) in spenders {
            guard let limit = books.keys[id]?.settings.budgets[.total],
                let spending = books.spendings[.key(id, of: customer)]
            else { continue }
            let taken = Int128(spending.charged.units) + Int128(spending.held.units)
            if taken > Int128(limit.units) {
                return "key \(id) has charged and holds \(taken), its budget is \(limit)"
            }
        }
        return nil
    }
}

extension WrittenRows {
    /// The rows that a transaction took note of.
    init(_ rows: some Sequence<LedgerRow>) {
        self.init()
        for row in rows {
            switch row {
            case .account(let account): accounts.append(account)
            case .hold(let id): holds.append(id)
            case .spender(let spender): spenders.append(spender)
            case .day(let spender, let day):
                days.append(SpenderDay(spender: spender, day: day))
            }
        }
    }
}
