import GRDB

/// The tables and how they came to be.
///
/// A migration that was released is never changed, only followed by another.
enum Schema {
    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("2026-01 ledger") { try $0.execute(sql: ledger) }
        migrator.registerMigration("2026-01 receipts") { try $0.execute(sql: receipts) }
        migrator.registerMigration("2026-01 identity") { try $0.execute(sql: identity) }
        migrator.registerMigration("2026-01 rate cards") { try $0.execute(sql: rateCards) }
        migrator.registerMigration("2026-01 deposits") { try $0.execute(sql: deposits) }
        migrator.registerMigration("2026-01 withdrawals") { try $0.execute(sql: withdrawals) }
        return migrator
    }

    /// Runs the migrations that the database has not seen.
    ///
    /// - Throws: ``SQLiteOpenError/tooNew``, ``SQLiteOpenError/otherTables(path:)``.
    static func bringUp(_ database: any DatabaseWriter) throws {
        let isComplete = try database.writeWithoutTransaction { database in
            guard try !migrator.hasBeenSuperseded(database) else { throw SQLiteOpenError.tooNew }
            return try migrator.hasCompletedMigrations(database)
        }
        if !isComplete { try migrator.migrate(database) }
        // The names of migrations do not tell what they did in the build that ran them.
        let found = try database.writeWithoutTransaction(statements)
        guard try found == expectedStatements.get() else {
            throw SQLiteOpenError.otherTables(path: database.path)
        }
    }

    /// Every table, index and trigger, as it was written.
    static func statements(_ database: Database) throws -> [String] {
        try String.fetchAll(
            database,
            sql: "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name",
        )
    }

    /// What ``statements(_:)`` are in a database of this version.
    static let expectedStatements = Result {
        let database = try DatabaseQueue()
        try migrator.migrate(database)
        return try database.read(statements)
    }

    /// Makes sure that a database can be read as it is.
    ///
    /// - Throws: ``SQLiteOpenError/tooNew``, ``SQLiteOpenError/tooOld``,
    ///   ``SQLiteOpenError/otherTables(path:)``.
    static func requireCurrent(_ database: Database, at path: String) throws {
        guard try !migrator.hasBeenSuperseded(database) else { throw SQLiteOpenError.tooNew }
        guard try migrator.hasCompletedMigrations(database) else { throw SQLiteOpenError.tooOld }
        // What else is missing, a trigger say, is for the audit to tell.
        let found = Set(try statements(database))
        let isReadable = try expectedStatements.get()
            .allSatisfy { !$0.hasPrefix("CREATE TABLE") || found.contains($0) }
        guard isReadable else { throw SQLiteOpenError.otherTables(path: path) }
    }

    /// A customer's account is never below zero.
    ///
    /// What is held is not written down: it is what the open holds reserve, which an index has
    /// beside their customers, so that nobody looks up each of many thousand. What a spender has
    /// spent is the sum of its days; a customer's keys are named after it and lie beside it.
    /// Rows that follow from nothing else carry their ``Seal``. Transfers are never changed or
    /// removed. `parts` of a hold reads `usdc:70,usd:5`. Words are compared one by one: for `IN` with
    /// more than two of them SQLite builds a table for each row that is written.
    private static let ledger = """
        CREATE TABLE accounts (
            id TEXT NOT NULL PRIMARY KEY,
            kind TEXT NOT NULL CHECK (kind = 'customer' OR kind = 'custody' OR kind = 'provider'
                OR kind = 'revenue' OR kind = 'overrun' OR kind = 'promotion' OR kind = 'suspense'
                OR kind = 'payout'),
            asset TEXT NOT NULL CHECK (asset = 'usdc' OR asset = 'usd' OR asset = 'pathusd'
                OR asset = 'sol'),
            credits INTEGER NOT NULL CHECK (credits >= 0),
            debits INTEGER NOT NULL CHECK (debits >= 0),
            CHECK (id LIKE kind || '/%' AND id LIKE '%/' || asset),
            CHECK (kind <> 'customer' OR credits >= debits)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE transfers (
            writer TEXT NOT NULL CHECK (writer <> ''),
            sequence INTEGER NOT NULL CHECK (sequence > 0),
            id TEXT NOT NULL UNIQUE CHECK (id <> ''),
            code TEXT NOT NULL CHECK (code <> ''),
            debit TEXT NOT NULL REFERENCES accounts (id),
            credit TEXT NOT NULL REFERENCES accounts (id),
            amount INTEGER NOT NULL CHECK (amount > 0),
            cause TEXT NOT NULL,
            note TEXT NOT NULL,
            at INTEGER NOT NULL,
            digest BLOB NOT NULL CHECK (length(digest) = 32),
            PRIMARY KEY (writer, sequence),
            CHECK (debit <> credit)
        ) STRICT, WITHOUT ROWID;

        CREATE INDEX transfers_by_credited_customer ON transfers (credit, at, id)
            WHERE credit GLOB 'customer/*';

        CREATE TRIGGER transfers_are_not_changed BEFORE UPDATE ON transfers
            BEGIN SELECT RAISE(ABORT, 'a transfer is never changed'); END;
        CREATE TRIGGER transfers_are_not_removed BEFORE DELETE ON transfers
            BEGIN SELECT RAISE(ABORT, 'a transfer is never removed'); END;

        CREATE TABLE chains (
            writer TEXT NOT NULL PRIMARY KEY CHECK (writer <> ''),
            sequence INTEGER NOT NULL CHECK (sequence >= 0),
            digest BLOB NOT NULL CHECK (length(digest) = 32),
            commits INTEGER NOT NULL CHECK (commits >= 0)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE holds (
            id TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
            customer TEXT NOT NULL,
            key TEXT NOT NULL,
            amount INTEGER NOT NULL CHECK (amount >= 0),
            parts TEXT NOT NULL CHECK (parts <> '' OR amount = 0),
            sol_rate INTEGER CHECK (sol_rate > 0),
            sol_rate_at INTEGER CHECK ((sol_rate IS NULL) = (sol_rate_at IS NULL)),
            rate_card TEXT NOT NULL,
            subject TEXT NOT NULL,
            placed_at INTEGER NOT NULL,
            lease INTEGER NOT NULL,
            state TEXT NOT NULL CHECK (state = 'open' OR state = 'captured' OR state = 'released'
                OR state = 'expired'),
            charge INTEGER CHECK (charge BETWEEN 0 AND amount),
            resolved_at INTEGER,
            refunded INTEGER CHECK (refunded BETWEEN 1 AND charge),
            seal BLOB NOT NULL CHECK (length(seal) = 32),
            CHECK ((state = 'captured') = (charge IS NOT NULL)),
            CHECK ((state = 'open') = (resolved_at IS NULL))
        ) STRICT, WITHOUT ROWID;

        CREATE INDEX holds_open_by_customer ON holds (customer, key, lease, amount, parts, state)
            WHERE state = 'open';

        CREATE TABLE daily_charges (
            spender TEXT NOT NULL CHECK (spender <> ''),
            day INTEGER NOT NULL,
            charged INTEGER NOT NULL CHECK (charged >= 0),
            PRIMARY KEY (spender, day)
        ) STRICT, WITHOUT ROWID;
        """

    /// A receipt is kept as it was written.
    ///
    /// `usage` reads `input:90,output:200`.
    private static let receipts = """
        CREATE TABLE receipts (
            id TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
            customer TEXT NOT NULL,
            key TEXT NOT NULL,
            requested_model TEXT NOT NULL,
            model TEXT NOT NULL,
            answered_model TEXT,
            upstream TEXT NOT NULL,
            rate_card TEXT NOT NULL,
            usage TEXT NOT NULL,
            source TEXT NOT NULL CHECK (source = 'reported' OR source = 'estimated'),
            outcome TEXT NOT NULL CHECK (outcome = 'completed' OR outcome = 'interrupted'
                OR outcome = 'disconnected' OR outcome = 'cut'),
            hold INTEGER NOT NULL,
            charge INTEGER NOT NULL CHECK (charge BETWEEN 0 AND hold),
            cost INTEGER NOT NULL CHECK (cost >= 0),
            overrun INTEGER NOT NULL CHECK (overrun >= 0),
            balance_after INTEGER NOT NULL CHECK (balance_after >= 0),
            started_at INTEGER NOT NULL,
            settled_at INTEGER NOT NULL,
            seal BLOB NOT NULL CHECK (length(seal) = 32)
        ) STRICT, WITHOUT ROWID;

        CREATE INDEX receipts_by_customer ON receipts (customer, settled_at, id);

        CREATE TRIGGER receipts_are_not_changed BEFORE UPDATE ON receipts
            BEGIN SELECT RAISE(ABORT, 'a receipt is never changed'); END;
        CREATE TRIGGER receipts_are_not_removed BEFORE DELETE ON receipts
            BEGIN SELECT RAISE(ABORT, 'a receipt is never removed'); END;
        """

    private static let identity = """
        CREATE TABLE customers (
            id TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
            deposit_code TEXT NOT NULL UNIQUE CHECK (deposit_code <> ''),
            label TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            budgets TEXT NOT NULL CHECK (json_valid(budgets)),
            seal BLOB NOT NULL CHECK (length(seal) = 32)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE keys (
            id TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
            customer TEXT NOT NULL REFERENCES customers (id),
            digest BLOB NOT NULL CHECK (length(digest) = 32),
            settings TEXT NOT NULL CHECK (json_valid(settings)),
            created_at INTEGER NOT NULL,
            updated_at INTEGER,
            revoked_at INTEGER,
            seal BLOB NOT NULL CHECK (length(seal) = 32)
        ) STRICT, WITHOUT ROWID;

        CREATE INDEX keys_by_customer ON keys (customer, id);
        """

    /// The card published last is the current one; publishing one again adds a publication.
    private static let rateCards = """
        CREATE TABLE rate_cards (
            version TEXT NOT NULL PRIMARY KEY CHECK (version <> ''),
            content TEXT NOT NULL CHECK (json_valid(content)),
            seal BLOB NOT NULL CHECK (length(seal) = 32),
            CHECK (version = content ->> '$.version')
        ) STRICT, WITHOUT ROWID;

        CREATE TRIGGER rate_cards_are_not_changed BEFORE UPDATE ON rate_cards
            BEGIN SELECT RAISE(ABORT, 'a rate card is never changed'); END;

        CREATE TABLE rate_card_publications (
            sequence INTEGER NOT NULL PRIMARY KEY,
            version TEXT NOT NULL REFERENCES rate_cards (version),
            at INTEGER NOT NULL,
            seal BLOB NOT NULL CHECK (length(seal) = 32)
        ) STRICT;
        """
}
