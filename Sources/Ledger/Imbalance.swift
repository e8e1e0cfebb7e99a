import Primitives

/// By how much the stored sums of a store are out.
package enum Imbalance {
    /// Over all assets: how far debits are from credits, and what is held from what open holds
    /// reserve, in smallest units; 0 in all books that are sound.
    package static func measure<Books>(_ books: inout Books) throws -> Int64
    where Books: LedgerTransaction & LedgerReading {
        let totals = try books.totals()
        let open = try books.openHolds(leasedBefore: .distantFuture, limit: .max)
        var sum: UInt128 = 0
        for asset in Asset.allCases {
            let stored = totals.filter { $0.asset == asset }.map(\.balance)
            let debits = stored.reduce(Int128(0)) { $0 + Int128($1.debits.units) }
            let credits = stored.reduce(Int128(0)) { $0 + Int128($1.credits.units) }
            let held = stored.reduce(Int128(0)) { $0 + Int128($1.held.units) }
            let reserved = open.flatMap(\.parts).filter { $0.asset == asset }
                .reduce(Int128(0)) { $0 + Int128($1.amount.units) }
            sum += (debits - credits).magnitude + (held - reserved).magnitude
        }
        return Int64(clamping: sum)
    }
}
