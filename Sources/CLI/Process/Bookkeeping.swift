import Ledger
import StoreSQLite

/// An audit of everything in a store.
struct Bookkeeping: Sendable, Encodable {
    let transfers: Int
    let holds: Int
    let openHolds: Int
    let receipts: Int
    let deposits: Int

    /// Re-derives every balance, hold and charge on one snapshot.
    ///
    /// - Throws: the first `AuditDifference`, or `StoreError`.
    static func audit(_ store: SQLiteStore) async throws -> Bookkeeping {
        try await store.read { try BooksAudit(&$0).summary }
    }

    var line: String {
        "audit clean: \(transfers) transfers, \(holds) holds (\(openHolds) open), "
            + "\(receipts) receipts, \(deposits) deposits"
    }
}

extension BooksAudit {
    /// What an audit that found nothing says.
    var summary: Bookkeeping {
        Bookkeeping(
            transfers: ledger.transferCount,
            holds: ledger.holdCount,
            openHolds: ledger.openHoldCount,
            receipts: receiptCount,
            deposits: depositCount,
        )
    }
}
