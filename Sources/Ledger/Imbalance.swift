import Primitives

/// By how much the stored sums of a store are out.
package enum Imbalance {
    /// Over all assets: how far debits are from credits, in smallest units; 0 in all books that
    /// are sound.
    package static func measure(_ books: inout some LedgerReading) throws -> Int64 {
        let totals = try books.totals()
        var sum: UInt128 = 0
        for asset in Asset.allCases {
            let stored = totals.filter { $0.asset == asset }.map(\.balance)
            let debits = stored.reduce(Int128(0)) { $0 + Int128($1.debits.units) }
            let credits = stored.reduce(Int128(0)) { $0 + Int128($1.credits.units) }
            sum += (debits - credits).magnitude
        }
        return Int64(clamping: sum)
    }
}
