extension Schema {
    /// What the books know of each event that brought money, its steps, whose wallets are whose, and what
    /// watchers have to look at yet.
    ///
    /// `was` is what a deposit was whose event left the chain; a rejected one has it if its event was
    /// gone. Once money is in the books for a deposit, its amount stands. A step, and a wallet's
    /// first binding, are never changed or removed.
    static let deposits = """
        CREATE TABLE deposits (
            id TEXT NOT NULL PRIMARY KEY CHECK (id <> ''),
            asset TEXT NOT NULL CHECK (asset = 'usdc' OR asset = 'usd' OR asset = 'pathusd'
                OR asset = 'sol'),
            amount INTEGER NOT NULL CHECK (amount > 0),
            treasury TEXT NOT NULL,
            sender TEXT,
            code TEXT,
            block_number INTEGER,
            block_hash TEXT,
            state TEXT NOT NULL CHECK (state = 'seen' OR state = 'credited' OR state = 'suspended'
                OR state = 'reversed' OR state = 'rejected'),
            was TEXT CHECK (was = 'seen' OR was = 'credited' OR was = 'suspended'),
            suspicion TEXT CHECK (suspicion = 'unknown_code' OR suspicion = 'unknown_sender'
                OR suspicion = 'conflict'),
            customer TEXT REFERENCES customers (id),
            lost INTEGER CHECK (lost BETWEEN 0 AND amount),
            reason TEXT,
            disputed INTEGER NOT NULL CHECK (disputed = 0 OR disputed = 1),
            steps INTEGER NOT NULL CHECK (steps > 0),
            seen_at INTEGER NOT NULL,
            changed_at INTEGER NOT NULL,
            seal BLOB NOT NULL CHECK (length(seal) = 32),
            CHECK ((block_number IS NULL) = (block_hash IS NULL)),
            CHECK (state = 'rejected' OR (state = 'reversed') = (block_number IS NULL)),
            CHECK (state = 'rejected' OR (state = 'reversed') = (was IS NOT NULL)),
            CHECK ((state = 'rejected') = (reason IS NOT NULL)),
            CHECK ((state = 'credited' OR coalesce(was, '') = 'credited') = (customer IS NOT NULL)),
            CHECK ((state = 'suspended' OR coalesce(was, '') = 'suspended')
                = (suspicion IS NOT NULL)),
            CHECK ((coalesce(was, '') = 'credited') = (lost IS NOT NULL)),
            CHECK (state <> 'rejected' OR coalesce(was, '') <> 'seen')
        ) STRICT, WITHOUT ROWID;

        CREATE INDEX deposits_by_state ON deposits (state, id);
        CREATE INDEX deposits_by_customer ON deposits (customer, asset, amount)
            WHERE state = 'credited';
        CREATE INDEX deposits_by_block
            ON deposits (substr(id, 1, instr(id, '/') - 1), block_number);

        CREATE TRIGGER deposits_keep_their_amount BEFORE UPDATE ON deposits
            WHEN (NEW.amount <> OLD.amount OR NEW.asset <> OLD.asset OR NEW.id <> OLD.id)
                AND OLD.state <> 'seen' AND coalesce(OLD.was, '') <> 'seen'
            BEGIN SELECT RAISE(ABORT, 'a deposit keeps its amount'); END;
        CREATE TRIGGER deposits_are_not_removed BEFORE DELETE ON deposits
            BEGIN SELECT RAISE(ABORT, 'a deposit is never removed'); END;

        CREATE INDEX transfers_by_debited_customer ON transfers (debit, at, id)
            WHERE (code = 'reversal' OR code = 'withdrawal') AND debit GLOB 'customer/*';

        CREATE TABLE deposit_steps (
            deposit TEXT NOT NULL REFERENCES deposits (id),
            number INTEGER NOT NULL CHECK (number > 0),
            kind TEXT NOT NULL CHECK (kind <> ''),
            at INTEGER NOT NULL,
            evidence TEXT NOT NULL,
            actor TEXT NOT NULL CHECK (actor = 'watcher' OR actor GLOB 'operator/*'),
            seal BLOB NOT NULL CHECK (length(seal) = 32),
            PRIMARY KEY (deposit, number)
        ) STRICT, WITHOUT ROWID;

        CREATE INDEX deposit_steps_that_alert ON deposit_steps (kind, deposit)
            WHERE kind = 'conflict' OR kind = 'reversed';

        CREATE TRIGGER deposit_steps_are_not_changed BEFORE UPDATE ON deposit_steps
            BEGIN SELECT RAISE(ABORT, 'a step is never changed'); END;
        CREATE TRIGGER deposit_steps_are_not_removed BEFORE DELETE ON deposit_steps
            BEGIN SELECT RAISE(ABORT, 'a step is never removed'); END;

        CREATE TABLE wallets (
            wallet TEXT NOT NULL PRIMARY KEY CHECK (wallet <> ''),
            customer TEXT NOT NULL REFERENCES customers (id),
            at INTEGER NOT NULL,
            seal BLOB NOT NULL CHECK (length(seal) = 32)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE deposit_cursors (
            source TEXT NOT NULL PRIMARY KEY CHECK (source <> ''),
            place TEXT NOT NULL CHECK (place <> ''),
            seal BLOB NOT NULL CHECK (length(seal) = 32)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE unread_transactions (
            chain TEXT NOT NULL CHECK (chain <> ''),
            transaction_name TEXT NOT NULL CHECK (transaction_name <> ''),
            node INTEGER NOT NULL CHECK (node > 0),
            since INTEGER NOT NULL,
            reason TEXT NOT NULL CHECK (reason <> ''),
            told INTEGER NOT NULL CHECK (told = 0 OR told = 1),
            missing_since INTEGER,
            missing_noted_at INTEGER,
            seal BLOB NOT NULL CHECK (length(seal) = 32),
            CHECK ((missing_since IS NULL) = (missing_noted_at IS NULL)),
            PRIMARY KEY (chain, transaction_name)
        ) STRICT, WITHOUT ROWID;

        CREATE INDEX unread_transactions_by_node
            ON unread_transactions (chain, node, transaction_name);

        CREATE TRIGGER wallets_are_not_changed BEFORE UPDATE ON wallets
            BEGIN SELECT RAISE(ABORT, 'a wallet stays whose it is'); END;
        CREATE TRIGGER wallets_are_not_removed BEFORE DELETE ON wallets
            BEGIN SELECT RAISE(ABORT, 'a wallet stays whose it is'); END;
        """
}
