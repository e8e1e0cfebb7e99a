import GatewayTestKit
import Ledger
import Primitives

/// What schedules came to: a run says what it has seen, so that nobody believes a run that saw little.
struct Tally: Sendable {
    var steps = 0
    /// Lives that ended before their time, and those of them that ended at a commit.
    var crashes = 0
    var failedCommits = 0
    /// Writes that were audited as they came, and rows that were compared.
    var writes = 0
    var rows = 0
    /// What is on the books that are left: answers that are charged, those of them in SOL, and
    /// refunds.
    var charges = 0
    var chargesInSOL = 0
    var refunds = 0

    static func += (sum: inout Tally, other: Tally) {
        sum.steps += other.steps
        sum.crashes += other.crashes
        sum.failedCommits += other.failedCommits
        sum.writes += other.writes
        sum.rows += other.rows
        sum.charges += other.charges
        sum.chargesInSOL += other.chargesInSOL
        sum.refunds += other.refunds
    }

    mutating func count(_ audit: LifeAudit) {
        writes += audit.steps
        rows += audit.comparisons
    }

    mutating func count(_ books: MemoryBooks) {
        for hold in books.holds.values where hold.charge > .zero {
            charges += 1
            if hold.parts.contains(where: { $0.asset == .sol }) { chargesInSOL += 1 }
            if hold.refunded != nil { refunds += 1 }
        }
    }
}

extension Tally: CustomStringConvertible {
    var description: String {
        "\(steps) steps, \(crashes) crashes, \(failedCommits) of them at a commit, "
            + "\(charges) charges, \(chargesInSOL) of them in SOL, \(refunds) refunds, "
            + "\(writes) writes, each audited as it came (\(rows) rows)"
    }
}
