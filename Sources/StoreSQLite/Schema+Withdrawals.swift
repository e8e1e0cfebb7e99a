extension Schema {
    /// What customers take back, and each step of it.
    ///
    /// What was asked for stands. A transaction is signed for one withdrawal alone, and kept before it is
    /// sent. A step is never changed or removed.
    static let withdrawals = """
        CREATE TABLE withdrawals (
            id TEXT NOT NULL PRIMARY KEY CHECK (id GLOB '?*/?*'),
            chain TEXT NOT NULL CHECK (chain <> ''),
            asset TEXT NOT NULL CHECK (asset = 'usdc' OR asset = 'usd' OR asset = 'pathusd'
                OR asset = 'sol'),
            amount INTEGER NOT NULL CHECK (amount > 0),
            wallet TEXT NOT NULL CHECK (wallet <> ''),
            state TEXT NOT NULL CHECK (state = 'requested' OR state = 'approved'
                OR state = 'broadcast' OR state = 'confirmed' OR state = 'failed'
                OR state = 'given_up' OR state = 'rejected'),
            transaction_name TEXT,
            transaction_place INTEGER,
            transaction_raw BLOB,
            transaction_signed_at INTEGER,
            transaction_replaced TEXT,
            reason TEXT,
            approved_by_rule_at INTEGER,
            steps INTEGER NOT NULL CHECK (steps > 0),
            requested_at INTEGER NOT NULL,
            changed_at INTEGER NOT NULL,
            seal BLOB NOT NULL CHECK (length(seal) = 32),
            CHECK (transaction_name IS NULL OR (state <> 'requested' AND state <> 'rejected')),
            CHECK (transaction_name IS NOT NULL
                OR (state <> 'broadcast' AND state <> 'confirmed' AND state <> 'failed'
                AND state <> 'given_up')),
            CHECK ((transaction_name IS NULL OR state = 'confirmed') = (transaction_raw IS NULL)),
            CHECK ((transaction_raw IS NULL) = (transaction_place IS NULL)),
            CHECK ((transaction_raw IS NULL) = (transaction_signed_at IS NULL)),
            CHECK ((transaction_raw IS NULL) = (transaction_replaced IS NULL)),
            CHECK ((state = 'failed' OR state = 'given_up' OR state = 'rejected')
                = (reason IS NOT NULL))
        ) STRICT, WITHOUT ROWID;

        CREATE INDEX withdrawals_by_state ON withdrawals (state, id);
        CREATE INDEX withdrawals_approved_by_rule ON withdrawals (approved_by_rule_at)
            WHERE approved_by_rule_at IS NOT NULL;
        CREATE UNIQUE INDEX withdrawals_by_transaction ON withdrawals (transaction_name)
            WHERE transaction_name IS NOT NULL;

        CREATE TRIGGER withdrawals_keep_their_order BEFORE UPDATE ON withdrawals
            WHEN NEW.id <> OLD.id OR NEW.chain <> OLD.chain OR NEW.asset <> OLD.asset
                OR NEW.amount <> OLD.amount OR NEW.wallet <> OLD.wallet
            BEGIN SELECT RAISE(ABORT, 'a withdrawal keeps its order'); END;
        CREATE TRIGGER withdrawals_are_not_removed BEFORE DELETE ON withdrawals
            BEGIN SELECT RAISE(ABORT, 'a withdrawal is never removed'); END;

        CREATE TABLE withdrawal_steps (
            withdrawal TEXT NOT NULL REFERENCES withdrawals (id),
            number INTEGER NOT NULL CHECK (number > 0),
            kind TEXT NOT NULL CHECK (kind <> ''),
            at INTEGER NOT NULL,
            evidence TEXT NOT NULL,
            actor TEXT NOT NULL CHECK (actor = 'gateway' OR actor = 'customer'
                OR actor GLOB 'operator/*'),
            seal BLOB NOT NULL CHECK (length(seal) = 32),
            PRIMARY KEY (withdrawal, number)
        ) STRICT, WITHOUT ROWID;

        CREATE TRIGGER withdrawal_steps_are_not_changed BEFORE UPDATE ON withdrawal_steps
            BEGIN SELECT RAISE(ABORT, 'a step is never changed'); END;
        CREATE TRIGGER withdrawal_steps_are_not_removed BEFORE DELETE ON withdrawal_steps
            BEGIN SELECT RAISE(ABORT, 'a step is never removed'); END;
        """
}
