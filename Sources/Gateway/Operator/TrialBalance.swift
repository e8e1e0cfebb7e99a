import Ledger
import Primitives

/// The debits and credits of all accounts: of each asset, the two are equal.
package struct TrialBalance: Encodable, Sendable {
    /// The accounts of one kind in one asset, in its smallest unit.
    package struct Line: Encodable, Sendable {
        let kind: String
        let asset: String
        let accounts: Int
        let debits: Int64
        let credits: Int64
        /// Credits less debits.
        let balance: Int64
        let held: Int64
    }

    /// One asset's sums.
    package struct Sum: Encodable, Sendable {
        let asset: String
        let debits: Int64
        let credits: Int64
        /// Debits less credits: 0.
        let difference: Int64
    }

    let lines: [Line]
    let sums: [Sum]
    let isBalanced: Bool

    /// By how much the books are out, over all assets; 0 in all books that are sound.
    package var imbalance: Int64 {
        sums.reduce(0) { $0 &+ Int64(clamping: $1.difference.magnitude) }
    }

    init(_ totals: [AccountTotal]) {
        lines = totals.map { total in
            Line(
                kind: total.kind,
                asset: total.asset.rawValue,
                accounts: total.accounts,
                debits: total.balance.debits.units,
                credits: total.balance.credits.units,
                balance: total.balance.posted,
                held: total.balance.held.units,
            )
        }
        let lines = lines
        sums = Asset.allCases.map { asset in
            let ofAsset = lines.filter { $0.asset == asset.rawValue }
            let debits = ofAsset.reduce(Int128(0)) { $0 + Int128($1.debits) }
            let credits = ofAsset.reduce(Int128(0)) { $0 + Int128($1.credits) }
            return Sum(
                asset: asset.rawValue,
                debits: Int64(clamping: debits),
                credits: Int64(clamping: credits),
                difference: Int64(clamping: debits - credits),
            )
        }
        isBalanced = sums.allSatisfy { $0.difference == 0 }
    }
}
