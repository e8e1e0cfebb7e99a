import Deposits
import GatewayTestKit
import Identity
import Ledger
import Primitives
import Testing
import Withdrawals

@testable import StoreSQLite

/// Changes one thing about a withdrawal in the file and expects the audit to name it.
struct AuditWithdrawalTests {
    @Test(arguments: [
        ("UPDATE withdrawals SET amount = 41 WHERE id = 'acme/paid'", "its transfers come to"),
        ("UPDATE withdrawals SET id = 'other/waits' WHERE id = 'acme/waits'", "has 1 steps, 0"),
        ("UPDATE withdrawals SET chain = 'other' WHERE id = 'acme/paid'", "is no fee of"),
        ("UPDATE withdrawals SET asset = 'usd' WHERE id = 'acme/waits'", "its transfers come to"),
        (
            """
            UPDATE withdrawals SET state = 'rejected', reason = '' WHERE id = 'acme/waits'
            """,
            "is rejected, its transfers come to customer/acme/usdc -30, payout/usdc 30",
        ),
        (
            """
            DELETE FROM withdrawal_steps WHERE withdrawal = 'acme/waits';
            DELETE FROM withdrawals WHERE id = 'acme/waits'
            """,
            "withdrawals: 5 transfers move them, their records have 4",
        ),
        ("DELETE FROM withdrawal_steps WHERE number = 2", "has 4 steps, 3 are there"),
        ("UPDATE withdrawals SET steps = 3 WHERE id = 'acme/paid'", "has 3 steps, 4 are there"),
    ])
    func `the audit names what was changed`(_ sql: String, _ sentence: String) async throws {
        let error = try await auditError(after: sql, AuditWithdrawalTests.fill)
        #expect(error is AuditDifference && "\(error)".contains(sentence), "\(error)")
    }

    @Test(arguments: [
        (
            "UPDATE withdrawals SET wallet = '0x\(String(repeating: "09", count: 20))'",
            "withdrawals",
        ),
        ("UPDATE withdrawals SET approved_by_rule_at = NULL", "withdrawals \"acme/paid"),
        (
            "UPDATE withdrawals SET transaction_place = 8 WHERE id = 'acme/sent'",
            "withdrawals \"acme/sent",
        ),
        (
            "UPDATE withdrawals SET transaction_signed_at = 8 WHERE id = 'acme/sent'",
            "withdrawals \"acme/sent",
        ),
        (
            "UPDATE withdrawals SET transaction_replaced = '' WHERE id = 'acme/sent'",
            "withdrawals \"acme/sent",
        ),
        (
            "UPDATE withdrawals SET transaction_raw = x'00' WHERE id = 'acme/sent'",
            "withdrawals \"acme/sent",
        ),
        ("UPDATE withdrawal_steps SET actor = 'operator/eve'", "withdrawal_steps \"acme/paid"),
        ("UPDATE withdrawal_steps SET evidence = ''", "withdrawal_steps \"acme/paid"),
        ("DROP INDEX withdrawals_by_transaction", "the tables are not those of this version"),
    ])
    func `the audit of the file names what no transfer tells`(
        _ sql: String,
        _ sentence: String,
    ) async throws {
        let error = try await auditError(after: sql, AuditWithdrawalTests.fill)
        #expect(error is AuditDifference && "\(error)".contains(sentence), "\(error)")
    }

    @Test(arguments: [
        ("UPDATE withdrawals SET id = 'acme'", "withdrawals.id"),
        ("UPDATE withdrawals SET asset = 'eur'", "withdrawals.asset"),
        ("UPDATE withdrawals SET wallet = 'here'", "withdrawals.wallet"),
        ("UPDATE withdrawals SET state = 'lost'", "withdrawals.state"),
        (
            "UPDATE withdrawals SET state = 'broadcast', transaction_name = NULL",
            "withdrawals.state",
        ),
        ("UPDATE withdrawals SET transaction_name = 'it'", "withdrawals.transaction_name"),
        (
            """
            UPDATE withdrawals SET state = 'broadcast', transaction_place = 1,
                transaction_raw = x'00', transaction_signed_at = 1, transaction_replaced = 'it'
            """,
            "withdrawals.transaction_replaced",
        ),
        ("UPDATE withdrawal_steps SET kind = 'guessed'", "withdrawal_steps.kind"),
        ("UPDATE withdrawal_steps SET actor = 'eve'", "withdrawal_steps.actor"),
    ])
    func `a row that no version writes is reported, never a crash`(
        _ sql: String,
        _ place: String,
    ) async throws {
        let error = try await auditError(after: sql, AuditWithdrawalTests.fillPaid)
        #expect(error is StoreError && "\(error)".contains(place), "\(error)")
    }

    @Test(arguments: [
        "UPDATE withdrawals SET amount = amount + 1", "UPDATE withdrawals SET asset = 'usd'",
        "UPDATE withdrawals SET wallet = 'x'", "UPDATE withdrawals SET chain = 'x'",
        "DELETE FROM withdrawals", "UPDATE withdrawal_steps SET at = 0",
        "DELETE FROM withdrawal_steps", "UPDATE withdrawals SET state = 'requested'",
        "UPDATE withdrawals SET reason = ''", "UPDATE withdrawals SET steps = 0",
        "UPDATE withdrawals SET transaction_raw = NULL WHERE id = 'acme/sent'",
        "UPDATE withdrawals SET transaction_replaced = NULL WHERE id = 'acme/sent'",
        "UPDATE withdrawals SET transaction_raw = x'00' WHERE id = 'acme/paid'",
        """
        UPDATE withdrawals SET state = 'broadcast', transaction_place = 1, transaction_raw = x'00',
            transaction_signed_at = 1, transaction_replaced = '',
            transaction_name = (SELECT transaction_name FROM withdrawals WHERE id = 'acme/paid')
        WHERE id = 'acme/waits'
        """,
    ])
    func `the tables themselves refuse a wrong row`(_ sql: String) async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/farebox.db"
            try await fillFile(path, AuditWithdrawalTests.fill)
            expectRefusal(of: sql, by: path)
        }
    }

    /// One that was paid, with a fee.
    private static func fillPaid(_ books: inout any EverySlice) throws {
        try books.insert(.sample("acme"))
        try books.bind(.sample(5), to: "acme", at: .second(0))
        try books.observe(.sample(), at: .second(1))
        _ = try books.withdraw(.sample("paid"), at: .second(2))
        try books.pay(.sample("paid"), at: .second(3))
    }

    /// And one that is signed in the place of another, and one that waits.
    private static func fill(_ books: inout any EverySlice) throws {
        try fillPaid(&books)
        let sent = try books.withdraw(.sample("sent", 10), at: .second(4)).id
        try books.approve(sent, by: .gateway, at: .second(5))
        try books.broadcast(sent, .sample(8), at: .second(6))
        try books.broadcast(sent, .sample(9, replacing: [8]), at: .second(7))
        _ = try books.withdraw(.sample("waits", 30), at: .second(4))
    }
}
