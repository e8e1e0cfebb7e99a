import Deposits
import GRDB
import GatewayTestKit
import Identity
import Ledger
import Primitives
import Testing

@testable import StoreSQLite

/// Changes one thing about a deposit in the file and expects the audit to name it.
struct AuditDepositTests {
    private static let name = "\(DepositID.sample())"

    @Test(arguments: [
        (
            "UPDATE deposits SET amount = 101",
            "its transfers come to custody/base/usdc -100, customer/acme/usdc 100",
        ),
        ("UPDATE deposits SET customer = 'other' WHERE id GLOB '*/0'", "is credited(other)"),
        ("UPDATE deposits SET asset = 'usd'", "its transfers come to custody/base/usdc -100"),
        (
            """
            UPDATE deposits SET state = 'suspended', customer = NULL, suspicion = 'conflict'
            WHERE id GLOB '*/0'
            """,
            "is suspended(",
        ),
        (
            "UPDATE deposits SET lost = lost - 1 WHERE id GLOB '*/1'",
            "overrun/usdc -30, suspense/usdc 100",
        ),
        (
            """
            DELETE FROM deposit_steps WHERE deposit GLOB '*/0';
            DELETE FROM deposits WHERE id GLOB '*/0'
            """,
            "deposits: 4 transfers move them, their records have 3",
        ),
        ("DELETE FROM deposit_steps WHERE number = 2", "has 2 steps, 1 are there"),
        ("UPDATE deposits SET steps = 1 WHERE id GLOB '*/0'", "has 1 steps, 2 are there"),
        (
            "UPDATE deposits SET state = 'rejected', reason = '' WHERE id GLOB '*/1'",
            "is rejected(",
        ),
        ("UPDATE deposits SET id = id || '1' WHERE id GLOB '*/1'", "has 3 steps, 0 are there"),
    ])
    func `the audit names what was changed`(_ sql: String, _ sentence: String) async throws {
        let error = try await audit(after: sql)
        let found = "\(error)"
        #expect(error is AuditDifference && found.contains(sentence), "\(found)")
    }

    @Test(arguments: [
        ("UPDATE deposits SET code = NULL", "deposits \"\(name)\": does not match its seal"),
        ("UPDATE deposits SET treasury = sender WHERE id GLOB '*/1'", "deposits \"base/0x"),
        ("UPDATE deposits SET block_number = block_number + 1", "deposits \"\(name)\""),
        ("UPDATE deposits SET disputed = 1", "deposits \"\(name)\""),
        ("UPDATE deposits SET changed_at = changed_at + 1", "deposits \"\(name)\""),
        ("UPDATE deposit_steps SET kind = 'seen' WHERE number = 1", "deposit_steps \"\(name)\""),
        ("UPDATE deposit_steps SET evidence = evidence || ' '", "deposit_steps \"\(name)\""),
        ("UPDATE deposit_steps SET actor = 'operator/eve'", "deposit_steps \"\(name)\""),
        ("UPDATE deposit_steps SET at = 0 WHERE number = 2", "deposit_steps \"\(name)\""),
        ("UPDATE wallets SET customer = 'other'", "wallets \"0x0909"),
        ("DROP INDEX deposits_by_state", "the tables are not those of this version"),
    ])
    func `the audit of the file names what no transfer tells`(
        _ sql: String,
        _ sentence: String,
    ) async throws {
        let error = try await audit(after: sql)
        let found = "\(error)"
        #expect(error is AuditDifference && found.contains(sentence), "\(found)")
    }

    @Test(arguments: [
        ("UPDATE deposits SET id = 'base/1' WHERE id GLOB '*/0'", "deposits.id"),
        ("UPDATE deposits SET asset = 'eur'", "deposits.asset"),
        ("UPDATE deposits SET amount = -1", "deposits.amount"),
        ("UPDATE deposits SET treasury = 'here'", "deposits.treasury"),
        ("UPDATE deposits SET sender = 'there'", "deposits.sender"),
        ("UPDATE deposits SET block_number = -1", "deposits.block_hash"),
        ("UPDATE deposits SET state = 'lost'", "deposits.state"),
        ("UPDATE deposits SET state = 'suspended'", "deposits.state"),
        ("UPDATE deposits SET was = 'rejected'", "deposits.was"),
        ("UPDATE deposits SET lost = NULL", "deposits.was"),
        ("UPDATE deposits SET suspicion = 'doubt'", "deposits.suspicion"),
        ("UPDATE deposit_steps SET kind = 'guessed'", "deposit_steps.kind"),
        ("UPDATE deposit_steps SET actor = 'eve'", "deposit_steps.actor"),
    ])
    func `a row that no version writes is reported, never a crash`(
        _ sql: String,
        _ place: String,
    ) async throws {
        let error = try await audit(after: sql)
        #expect(error is StoreError && "\(error)".contains(place), "\(error)")
    }

    @Test(arguments: [
        "UPDATE deposits SET amount = amount + 1", "UPDATE deposits SET asset = 'usd'",
        "DELETE FROM deposits", "UPDATE deposit_steps SET at = 0", "DELETE FROM deposit_steps",
        "UPDATE wallets SET customer = 'other'", "DELETE FROM wallets",
        "UPDATE deposits SET state = 'suspended'", "UPDATE deposits SET customer = 'nobody'",
        "UPDATE deposits SET block_hash = NULL", "UPDATE deposits SET lost = amount + 1",
        "UPDATE deposits SET was = 'seen'", "UPDATE deposits SET reason = ''",
        "UPDATE deposits SET steps = 0",
    ])
    func `the tables themselves refuse a wrong row`(_ sql: String) async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/farebox.db"
            try await fillFile(path, AuditDepositTests.fill)
            expectRefusal(of: sql, by: path)
        }
    }

    /// What the audit says of a file in which `sql` has changed something.
    private func audit(after sql: String) async throws -> any Error {
        try await auditError(after: sql, AuditDepositTests.fill)
    }

    /// One deposit that was credited, and one that was credited, spent in part, and left the chain.
    private static func fill(_ books: inout any EverySlice) throws {
        for customer in ["acme", "other"] as [CustomerID] {
            try books.insert(.sample(customer))
        }
        try books.bind(.sample(9), to: "acme", at: .second(0))
        try books.observe(.sample(0), at: .second(1))
        let event = DepositEvent.sample(for: "other", sender: 8)
        try books.observe(.sample(1, event), at: .second(2))
        _ = try books.placeHold(.sample("open", of: "other", 30), solRate: nil)
        try books.dropped(.sample(1), from: .sample(1), at: .second(3))
    }
}
