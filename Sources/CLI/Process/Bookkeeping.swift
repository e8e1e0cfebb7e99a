import Ledger
import Receipts
import StoreSQLite

/// An audit of everything in a store.
struct Bookkeeping: Sendable, Encodable {
    let transfers: Int
    let holds: Int
    let openHolds: Int
    let receipts: Int

    /// Re-derives every balance, hold and charge on one snapshot.
    ///
    /// - Throws: the first `AuditDifference`, or `StoreError`.
    static func audit(_ store: SQLiteStore) async throws -> Bookkeeping {
        try await store.read { try BooksAudit(&$0).summary }
    }

    var line: String {
        "audit clean: \(transfers) transfers, \(holds) holds (\(openHolds) open), "
            + "\(receipts) receipts"
    }
}

/// An audit that can go on where it ended, while a gateway writes.
struct BooksAudit: Sendable {
    private var ledger: Auditor
    private var receipts = ReceiptAuditor()

    /// Audits everything.
    ///
    /// - Throws: the first `AuditDifference`, or `StoreError`.
    init(_ transaction: inout SQLiteTransaction) throws {
        ledger = try transaction.auditLedger()
        try receipts.audit(&transaction)
        guard receipts.receiptCount == ledger.capturedHoldCount else {
            throw AuditDifference.other(
                "receipts: \(ledger.capturedHoldCount) holds were captured, "
                    + "\(receipts.receiptCount) receipts are there"
            )
        }
    }

    var summary: Bookkeeping {
        Bookkeeping(
            transfers: ledger.transferCount,
            holds: ledger.holdCount,
            openHolds: ledger.openHoldCount,
            receipts: receipts.receiptCount,
        )
    }

    /// Audits what has happened since.
    ///
    /// - Throws: the first `AuditDifference`, or `StoreError`.
    /// - Returns: how many transfers are new, and how many there are.
    mutating func follow(_ transaction: inout SQLiteTransaction) throws -> (new: Int, all: Int) {
        (try ledger.follow(&transaction), ledger.transferCount)
    }
}
