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
        try await store.read { transaction in
            let ledger = try transaction.auditLedger()
            var receipts = ReceiptAuditor()
            try receipts.audit(&transaction)
            guard receipts.receiptCount == ledger.capturedHoldCount else {
                throw AuditDifference.other(
                    "receipts: \(ledger.capturedHoldCount) holds were captured, "
                        + "\(receipts.receiptCount) receipts are there"
                )
            }
            return Bookkeeping(
                transfers: ledger.transferCount,
                holds: ledger.holdCount,
                openHolds: ledger.openHoldCount,
                receipts: receipts.receiptCount,
            )
        }
    }

    var line: String {
        "audit clean: \(transfers) transfers, \(holds) holds (\(openHolds) open), "
            + "\(receipts) receipts"
    }
}
