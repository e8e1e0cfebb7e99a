import GRDB
import GatewayTestKit
import Glibc
import Identity
import Ledger
import Metering
import Primitives
import Receipts
import Testing

@testable import StoreSQLite

/// Flips one thing in the file and expects the audit to name it.
struct AuditFlipTests {
    struct Flip: CustomTestStringConvertible {
        let testDescription: String
        let sql: String
        /// The kind of difference, and what its sentence contains.
        let sentence: String
    }

    static let flips = [
        Flip(
            testDescription: "changed amount",
            sql: "UPDATE transfers SET amount = amount + 1 WHERE sequence = 2",
            sentence: "chain gateway: transfer 2 (h1/cost/usd) does not match its digest",
        ),
        Flip(
            testDescription: "changed note",
            sql: "UPDATE transfers SET note = 'Sample' WHERE sequence = 1",
            sentence: "transfer 1 (grant/acme-usd) does not match its digest",
        ),
        Flip(
            testDescription: "changed digest",
            sql: "UPDATE transfers SET digest = zeroblob(32) WHERE sequence = 3",
            sentence: "transfer 3 (h1/margin/usd) does not match its digest",
        ),
        Flip(
            testDescription: "missing transfer",
            sql: "DELETE FROM transfers WHERE sequence = 2",
            sentence: "chain gateway: transfer 2 is missing, 3 follows",
        ),
        Flip(
            testDescription: "missing last transfer",
            sql: "DELETE FROM transfers WHERE sequence = 3",
            sentence: "chain gateway: ends at 2, the store remembers 3",
        ),
        Flip(
            testDescription: "missing end of the chain",
            sql: "DELETE FROM chains",
            sentence: "chain gateway: ends at 3, the store remembers 0",
        ),
        Flip(
            testDescription: "all transfers missing",
            sql: "DELETE FROM transfers",
            sentence: "chain gateway: ends at 0, the store remembers 3",
        ),
        Flip(
            testDescription: "changed balance",
            sql: "UPDATE accounts SET credits = credits + 1 WHERE id = 'customer/acme/usd'",
            sentence: "customer/acme/usd: stored credits 100001",
        ),
        Flip(
            testDescription: "more held than there is",
            sql: "UPDATE holds SET parts = 'usd:98901' WHERE id = 'h2'",
            sentence: "customer/acme/usd: holds reserve 98901, posted 98900",
        ),
        Flip(
            testDescription: "missing account",
            sql: "DELETE FROM accounts WHERE id = 'revenue/usd'",
            sentence: "revenue/usd: stored credits 0 debits 0 held 0, derived credits 100",
        ),
        Flip(
            testDescription: "captured hold made released",
            sql: "UPDATE holds SET state = 'released', charge = NULL WHERE id = 'h1'",
            sentence: "hold h1: is released, its transfers charge 1100",
        ),
        Flip(
            testDescription: "changed charge of a hold",
            sql: "UPDATE holds SET charge = 7 WHERE id = 'h1'",
            sentence: "hold h1: is captured(7), its transfers charge 1100",
        ),
        Flip(
            testDescription: "missing hold",
            sql: "DELETE FROM holds WHERE id = 'h1'",
            sentence: "hold h1: is missing, its transfers charge 1100",
        ),
        Flip(
            testDescription: "parts of a hold beyond 64 bits",
            sql: "UPDATE holds SET parts = 'usd:9223372036854775807,usd:9223372036854775807'",
            sentence: "the books exceed 64 bits",
        ),
        Flip(
            testDescription: "changed receipt charge",
            sql: "UPDATE receipts SET charge = 1099",
            sentence: "receipt h1: charges 1099, recomputed 1100",
        ),
        Flip(
            testDescription: "changed receipt usage",
            sql: "UPDATE receipts SET usage = 'input:999'",
            sentence: "receipt h1: charges 1100, recomputed 1099",
        ),
        Flip(
            testDescription: "changed price",
            sql: """
                UPDATE rate_cards
                SET content = json_set(content, '$.rates[0].standard.price.input', 1200000)
                """,
            sentence: "receipt h1: charges 1100, recomputed 1200",
        ),
    ]

    @Test(arguments: flips)
    func `the audit names what was changed`(_ flip: Flip) async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/farebox.db"
            try await settleOnce(path)
            try tamper(path, flip.sql)
            // It would be found out by its commits before anything is looked at.
            if flip.sql.contains("FROM chains") { unlink(CommitMark.file(besides: path)) }
            let reader = try SQLiteStore.open(.file(path), access: .readOnly)
            let difference = await #expect(throws: AuditDifference.self) {
                try await reader.read { transaction in
                    _ = try transaction.auditLedger(page: 2)
                    var receipts = ReceiptAuditor()
                    try receipts.audit(&transaction)
                }
            }
            let sentence = difference?.description ?? "nothing"
            #expect(sentence.contains(flip.sentence), "\(sentence)")
            try await reader.close()
        }
    }

    @Test(arguments: [
        (
            "UPDATE holds SET subject = 'other' WHERE id = 'h2'",
            "holds \"h2\": does not match its seal",
        ),
        (
            "UPDATE holds SET state = 'expired', resolved_at = 1 WHERE id = 'h2'",
            "holds \"h2\": does not match its seal",
        ),
        ("UPDATE holds SET customer = 'other' WHERE id = 'h1'", "customer/acme: stored charged"),
        ("UPDATE customers SET budgets = '{\"total\":1}'", "customers"),
        ("UPDATE holds SET lease = lease + 1 WHERE id = 'h2'", "holds \"h2\""),
        ("UPDATE holds SET seal = zeroblob(32) WHERE id = 'h1'", "holds \"h1\""),
        ("UPDATE receipts SET outcome = 'cut'", "receipts \"h1\""),
        (
            "UPDATE rate_cards SET content = json_set(content, '$.rates[1].standard.price.input', 1)",
            "rate_cards \"sample-1\"",
        ),
        ("UPDATE rate_card_publications SET at = at + 1", "rate_card_publications \"sample-1\""),
        ("UPDATE customers SET label = 'x'", "customers \"acme\""),
        ("UPDATE keys SET settings = json_set(settings, '$.managesKeys', json('false'))", "keys"),
        ("UPDATE keys SET revoked_at = 1", "keys"),
        ("DROP INDEX holds_open_by_customer", "the tables are not those of this version"),
    ])
    func `the audit of the file names what nothing else tells`(
        _ sql: String,
        _ sentence: String,
    ) async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/farebox.db"
            try await settleOnce(path)
            try tamper(path, sql)
            let reader = try SQLiteStore.open(.file(path), access: .readOnly)
            let difference = await #expect(throws: AuditDifference.self) {
                try await reader.read { _ = try BooksAudit(&$0) }
            }
            let found = difference?.description ?? "nothing"
            #expect(found.contains(sentence), "\(found)")
            try await reader.close()
        }
    }

    @Test(arguments: [
        ("UPDATE transfers SET amount = 0", "transfers.amount"),
        ("UPDATE transfers SET amount = -5", "transfers.amount"),
        ("UPDATE transfers SET code = 'gift'", "transfers.code"),
        ("UPDATE transfers SET credit = debit", "transfers.credit"),
        ("UPDATE transfers SET debit = 'nonsense'", "transfers.debit"),
        ("UPDATE accounts SET debits = -1", "accounts.debits"),
        ("UPDATE accounts SET kind = 'customes' WHERE kind = 'customer'", "accounts.kind"),
        ("UPDATE accounts SET asset = 'usdc' WHERE kind = 'revenue'", "accounts.asset"),
        ("UPDATE accounts SET id = id || 'x'", "accounts.id"),
        ("UPDATE holds SET state = 'half'", "holds.state"),
        ("UPDATE holds SET state = 'captured', charge = NULL", "holds.state"),
        ("UPDATE holds SET parts = 'usd'", "holds.parts"),
        ("UPDATE holds SET parts = 'usd:1,eur:2'", "holds.parts"),
        ("UPDATE holds SET amount = -1", "holds.amount"),
        ("UPDATE holds SET sol_rate = 0, sol_rate_at = 0", "holds.sol_rate"),
        ("UPDATE receipts SET usage = 'input'", "receipts.usage"),
        ("UPDATE receipts SET usage = 'input:1,input:2'", "receipts.usage"),
        ("UPDATE receipts SET usage = 'inputs:1'", "receipts.usage"),
        ("UPDATE receipts SET source = 'guessed'", "receipts.source"),
        ("UPDATE receipts SET outcome = ''", "receipts.outcome"),
        ("UPDATE receipts SET charge = -1", "receipts.charge"),
        ("UPDATE receipts SET hold = -1, charge = -2", "receipts.hold"),
        ("UPDATE rate_cards SET content = '[]'", "rate_cards."),
    ])
    func `a row that no version writes is reported, never a crash`(
        _ sql: String,
        _ place: String,
    ) async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/farebox.db"
            try await settleOnce(path)
            try tamper(path, sql)
            let reader = try SQLiteStore.open(.file(path), access: .readOnly)
            let error = await #expect(throws: StoreError.self) {
                try await reader.read { transaction in
                    _ = try transaction.auditLedger()
                    var receipts = ReceiptAuditor()
                    try receipts.audit(&transaction)
                }
            }
            #expect("\(error ?? .stopped)".contains(place))
            try await reader.close()
        }
    }

    @Test(arguments: [
        "UPDATE transfers SET amount = 5", "DELETE FROM transfers", "DELETE FROM receipts",
        "UPDATE receipts SET charge = charge", "UPDATE rate_cards SET content = content",
        "UPDATE accounts SET debits = credits + 1 WHERE kind = 'customer'",
        "UPDATE accounts SET credits = -1", "UPDATE accounts SET credits = 1.5",
        "DELETE FROM accounts WHERE kind = 'revenue'",
        "UPDATE holds SET state = 'other'", "UPDATE holds SET charge = amount + 1",
        "UPDATE holds SET state = 'open' WHERE id = 'h1'", "UPDATE chains SET digest = x'00'",
        "INSERT INTO keys VALUES ('k', 'nobody', zeroblob(32), '{}', 0, NULL, NULL, zeroblob(32))",
    ])
    func `the tables themselves refuse a wrong row`(_ sql: String) async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/farebox.db"
            try await settleOnce(path)
            expectRefusal(of: sql, by: path)
        }
    }

    /// A grant, one settled inference and one open hold.
    private func settleOnce(_ path: String) async throws {
        let store = try SQLiteStore.open(.file(path), access: .exclusive)
        let stores = AnyStore(store)
        try await stores.publishSample()
        try await stores.fund("acme", 100_000)
        try await stores.write(.durable) { books in
            try books.insert(Customer.sample("acme"))
            let digest = [UInt8](repeating: 7, count: 32)
            try books.save(
                Key(
                    id: "fbx-000000000000",
                    customer: "acme",
                    digest: SecretDigest(stored: digest),
                    settings: .sample("a"),
                    createdAt: .second(0),
                )
            )
        }
        try await stores.settle("h1", of: "acme", 5000, Usage([.input: 1000]))
        try await stores.place("h2", of: "acme", 30)
        try await stores.audit()
        try await store.close()
    }
}
