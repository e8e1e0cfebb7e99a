import Deposits
import GRDB
package import Ledger
import Receipts
import Withdrawals

/// An audit of everything in a database, which can go on where it ended, while a gateway writes.
package struct BooksAudit: Sendable {
    package private(set) var ledger: Auditor
    private var receipts = ReceiptAuditor()
    private var deposits = DepositAuditor()
    private var withdrawals = WithdrawalAuditor()

    /// Audits everything: what the books say, then the rows and the file that say it.
    ///
    /// - Throws: the first `AuditDifference`, or `StoreError`.
    package init(_ transaction: inout SQLiteTransaction) throws {
        ledger = try transaction.auditLedger()
        try receipts.audit(&transaction)
        guard receipts.receiptCount == ledger.capturedHoldCount else {
            throw AuditDifference.other(
                "receipts: \(ledger.capturedHoldCount) holds were captured, "
                    + "\(receipts.receiptCount) receipts are there"
            )
        }
        try withdrawals.audit(&transaction, after: ledger)
        try deposits.audit(&transaction, after: ledger, beside: withdrawals.derived)
        try transaction.auditFile()
    }

    package var receiptCount: Int { receipts.receiptCount }
    package var depositCount: Int { deposits.depositCount }
    package var withdrawalCount: Int { withdrawals.withdrawalCount }

    /// Audits what has happened since.
    ///
    /// - Throws: the first `AuditDifference`, or `StoreError`.
    /// - Returns: how many transfers are new, and how many there are.
    package mutating func follow(
        _ transaction: inout SQLiteTransaction
    ) throws -> (new: Int, all: Int) {
        (try ledger.follow(&transaction), ledger.transferCount)
    }
}

extension SQLiteTransaction {
    /// Looks for damage that changes nothing which is derived: rows, the tables, the file itself.
    ///
    /// - Throws: the first `AuditDifference`.
    fileprivate func auditFile() throws {
        if let row = try Seal.firstBroken(in: self) {
            throw AuditDifference.other("\(row): does not match its seal")
        }
        guard try Schema.statements(database) == Schema.expectedStatements.get() else {
            throw AuditDifference.other("the tables are not those of this version")
        }
        let found = try String.fetchAll(database, sql: "PRAGMA integrity_check(1)")
        guard found == ["ok"] else {
            throw AuditDifference.other("the file: \(found.joined(separator: "; "))")
        }
    }
}
