import Ledger
import Primitives

/// An audit that goes on, after each step, from where it stopped.
///
/// After each step it says what a full audit says: every stored sum is what the transfers and the
/// holds make it. One that neither was written nor follows from something new is as it was after
/// the step before. It shares no sum with the ledger's own auditor.
package struct RunningAudit: Sendable {
    private var chain = TransferChain.empty
    private var balances: [AccountID: Sums] = [:]
    /// What transfers charged and refunded, by their cause.
    private var moved: [String: (charged: Int128, refunded: Int128)] = [:]
    /// The holds as they were last read.
    private var holds: [InferenceID: Hold] = [:]
    private var spendings: [Spender: Spent] = [:]
    private var daily: [WrittenRows.SpenderDay: Int128] = [:]
    private var openHoldCount = 0
    /// How many stored sums and holds were compared.
    package private(set) var comparisons = 0

    private struct Sums {
        var debits: Int128 = 0
        var credits: Int128 = 0
        var held: Int128 = 0
    }

    private struct Spent {
        var charged: Int128 = 0
        var held: Int128 = 0
    }

    /// What a step touched: the rows that were written, and those whose sums changed.
    private var touched = WrittenRows()

    /// Begins before anything was written.
    package init() {}

    /// Begins with books in which nothing has been written.
    package init(_ books: inout LeanBooks) { _ = books.takeWritten() }

    /// Goes on to where the books are now.
    ///
    /// - Returns: the first thing in them that does not follow; `nil` where there is none.
    package mutating func follow(_ books: inout LeanBooks, openHolds: Int) -> String? {
        let written = books.takeWritten()
        return follow(books, written, openHolds: openHolds)
    }

    /// Goes on to where the books are now.
    ///
    /// - Parameters:
    ///   - books: as they are after the step.
    ///   - written: every row that the step wrote.
    ///   - openHolds: how many holds are open by another count; `nil` where nobody else counts.
    /// - Returns: the first thing in them that does not follow; `nil` where there is none.
    package mutating func follow(
        _ books: some AuditedBooks,
        _ written: WrittenRows,
        openHolds: Int? = nil,
    ) -> String? {
        touched = written
        if let problem = readTransfers(of: books) { return problem }
        for id in touched.holds { read(books.hold(id), id) }
        let stored = books.openHoldCount()
        guard openHoldCount == stored, stored == openHolds ?? stored else {
            return "\(stored) open holds are stored, \(openHoldCount) found"
        }
        return holdProblem(in: books) ?? balanceProblem(in: books) ?? spendingProblem(in: books)
    }

    // MARK: What is new

    private mutating func readTransfers(of books: some AuditedBooks) -> String? {
        for link in books.links(after: chain.sequence) {
            let transfer = link.transfer
            guard chain.append(transfer) == link else {
                return "\(transfer.id) is not the chain's next link"
            }
            let amount = Int128(transfer.amount.units)
            balances[transfer.debit, default: Sums()].debits += amount
            balances[transfer.credit, default: Sums()].credits += amount
            touched.accounts += [transfer.debit, transfer.credit]
            switch transfer.code {
            case .cost, .margin: moved[transfer.cause, default: (0, 0)].charged += amount
            case .refund: moved[transfer.cause, default: (0, 0)].refunded += amount
            case .grant, .overrunCost, .overrunMargin, .deposit, .assignment, .reversal,
                .restoration, .rejection, .withdrawal, .withdrawalReturn, .payment, .networkFee:
                continue
            }
            touched.holds.append(InferenceID(transfer.cause))
        }
        let end = books.chainEnd
        return end == chain ? nil : "the chain ends at \(end.sequence), not \(chain.sequence)"
    }

    /// Counts a hold as it is now, and no longer as it was.
    private mutating func read(_ hold: Hold?, _ id: InferenceID) {
        if let before = holds[id] { count(before, times: -1) }
        holds[id] = hold
        if let hold { count(hold, times: 1) }
    }

    private mutating func count(_ hold: Hold, times: Int128) {
        let isOpen = hold.state == .open
        let charged = Int128(hold.charge.units) - Int128((hold.refunded ?? .zero).units)
        if isOpen {
            openHoldCount += Int(times)
            for part in hold.parts {
                let account = AccountID.customer(hold.customer, part.asset)
                balances[account, default: Sums()].held += times * Int128(part.amount.units)
                touched.accounts.append(account)
            }
        }
        for spender in hold.spenders {
            let held = isOpen ? Int128(hold.amount.units) : 0
            spendings[spender, default: Spent()].held += times * held
            spendings[spender, default: Spent()].charged += times * charged
            touched.spenders.append(spender)
            guard charged != 0, let day = hold.resolvedAt?.day else { continue }
            let row = WrittenRows.SpenderDay(spender: spender, day: day)
            daily[row, default: 0] += times * charged
            touched.days.append(row)
        }
    }

    // MARK: What was touched

    private mutating func holdProblem(in books: some AuditedBooks) -> String? {
        for id in touched.holds {
            comparisons += 1
            let (charged, refunded) = moved[id.description] ?? (0, 0)
            guard let hold = holds[id] else { return "\(id) is charged \(charged), and no hold" }
            let most = hold.parts.reduce(Int128(0)) { $0 + Int128($1.amount.units) }
            guard charged == inAsset(hold.charge, hold), charged <= most else {
                return "\(id) is \(hold.state), its transfers charge \(charged)"
            }
            guard refunded == inAsset(hold.refunded ?? .zero, hold), refunded <= charged else {
                return "\(id) refunds \(hold.refunded ?? .zero), its transfers \(refunded)"
            }
        }
        return nil
    }

    private func inAsset(_ microdollars: Amount, _ hold: Hold) -> Int128 {
        let units = Int128(microdollars.units)
        guard units > 0, let rate = hold.solRate else { return units }
        let price = Int128(rate.microdollarsPerSOL)
        return (units * 1_000_000_000 + price - 1) / price
    }

    private mutating func balanceProblem(in books: some AuditedBooks) -> String? {
        for account in touched.accounts {
            comparisons += 1
            let (stored, sums) = (books.balance(of: account), balances[account] ?? Sums())
            guard Int128(stored.debits.units) == sums.debits,
                Int128(stored.credits.units) == sums.credits,
                Int128(stored.held.units) == sums.held
            else { return "\(account): stored \(stored), there follows \(sums)" }
            if case .customer = account.owner, sums.credits < sums.debits + sums.held {
                return "\(account) is below what it holds: \(sums)"
            }
        }
        return nil
    }

    private mutating func spendingProblem(in books: some AuditedBooks) -> String? {
        for spender in touched.spenders {
            comparisons += 1
            let (stored, spent) = (books.spending(of: spender), spendings[spender] ?? Spent())
            guard Int128(stored.charged.units) == spent.charged,
                Int128(stored.held.units) == spent.held
            else { return "\(spender): stored \(stored), there follows \(spent)" }
        }
        for row in touched.days {
            comparisons += 1
            let stored = books.charged(by: row.spender, on: row.day)
            guard Int128(stored.units) == daily[row] ?? 0 else {
                return "\(row.spender): stored \(stored) on day \(row.day), "
                    + "there follows \(daily[row] ?? 0)"
            }
        }
        return nil
    }
}
