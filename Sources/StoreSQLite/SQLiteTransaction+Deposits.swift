package import Deposits
package import Primitives

extension SQLiteTransaction: DepositTransaction {
    package mutating func deposit(_ id: DepositID) throws -> Deposit? {
        try row(DepositRow.selectOne, [.text(id.description)], of: "deposits") { columns in
            try DepositRow.deposit(&columns)
        }
    }

    package mutating func save(_ deposit: Deposit) throws {
        willWrite()
        try executeSealed(DepositRow.upsert, DepositRow.values(of: deposit))
    }

    package mutating func append(_ step: DepositStep, to id: DepositID) throws {
        willWrite()
        try executeSealed(
            """
            INSERT INTO deposit_steps (deposit, number, kind, at, evidence, actor, seal)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(id.description), .integer(Int64(step.number)), .text(step.kind.rawValue),
                .integer(step.at.microseconds), .text(step.evidence),
                .text(step.by.description),
            ],
        )
    }

    package mutating func steps(of id: DepositID) throws -> [DepositStep] {
        try rows(
            """
            SELECT number, kind, at, evidence, actor FROM deposit_steps WHERE deposit = ?
            ORDER BY number
            """,
            [.text(id.description)],
            of: "deposit_steps",
        ) { columns in try DepositRow.step(&columns) }
    }

    package mutating func customer(ofDepositCode code: String) throws -> CustomerID? {
        try row(
            "SELECT id FROM customers WHERE deposit_code = ?",
            [.text(code)],
            of: "customers",
        ) { columns in CustomerID(try columns.text("id")) }
    }

    package mutating func customer(ofWallet wallet: Wallet) throws -> CustomerID? {
        try row(
            "SELECT customer FROM wallets WHERE wallet = ?",
            [.text(wallet.description)],
            of: "wallets",
        ) { columns in CustomerID(try columns.text("customer")) }
    }

    package mutating func insert(_ binding: WalletBinding) throws {
        willWrite()
        try executeSealed(
            "INSERT INTO wallets (wallet, customer, at, seal) VALUES (?, ?, ?, ?)",
            [
                .text(binding.wallet.description), .text(binding.customer.description),
                .integer(binding.at.microseconds),
            ],
        )
    }

    package mutating func isCustomer(_ id: CustomerID) throws -> Bool { try customer(id) != nil }
}

extension SQLiteTransaction: DepositReading {
    package mutating func deposits(
        in stage: DepositStage?,
        after id: DepositID?,
        limit: Int,
    ) throws -> [Deposit] {
        let inStage = stage == nil ? "" : "state = ? AND"
        let stages: [StoredValue] = stage.map { [.text($0.rawValue)] } ?? []
        return try rows(
            "\(DepositRow.select) WHERE \(inStage) id > ? ORDER BY id LIMIT ?",
            stages + [.text(id?.description ?? ""), .integer(Int64(max(0, limit)))],
            of: "deposits",
        ) { columns in try DepositRow.deposit(&columns) }
    }
}

extension SQLiteTransaction: DepositWatchTransaction {
    package mutating func cursor(of source: String) throws -> String? {
        try row(
            "SELECT place FROM deposit_cursors WHERE source = ?",
            [.text(source)],
            of: "deposit_cursors",
        ) { columns in try columns.text("place") }
    }

    package mutating func setCursor(_ place: String, of source: String) throws {
        willWrite()
        try executeSealed(
            """
            INSERT INTO deposit_cursors (source, place, seal) VALUES (?, ?, ?)
            ON CONFLICT (source) DO UPDATE SET place = excluded.place, seal = excluded.seal
            """,
            [.text(source), .text(place)],
        )
    }

    package mutating func deposits(on chain: String, after block: Int64) throws -> [Deposit] {
        try rows(
            """
            \(DepositRow.select) WHERE substr(id, 1, instr(id, '/') - 1) = ? AND block_number > ?
            """,
            [.text(chain), .integer(block)],
            of: "deposits",
        ) { columns in try DepositRow.deposit(&columns) }
    }

    package mutating func deposits(
        on chain: String,
        in stage: DepositStage,
        after id: DepositID?,
        limit: Int,
    ) throws -> [Deposit] {
        // Behind a chain's slash stands nothing of another's; behind all of it comes a zero.
        let after = id.flatMap { $0.chain == chain ? "\($0)" : nil } ?? "\(chain)/"
        return try rows(
            "\(DepositRow.select) WHERE state = ? AND id > ? AND id < ? ORDER BY id LIMIT ?",
            [
                .text(stage.rawValue), .text(after), .text("\(chain)0"),
                .integer(Int64(max(0, limit))),
            ],
            of: "deposits",
        ) { columns in try DepositRow.deposit(&columns) }
    }

    package mutating func alertCounts(on chain: String) throws -> [DepositStep.Kind: Int] {
        let counts = try rows(
            """
            SELECT kind, count(*) AS count FROM deposit_steps
            WHERE (kind = 'conflict' OR kind = 'reversed') AND deposit > ? AND deposit < ?
            GROUP BY kind
            """,
            [.text("\(chain)/"), .text("\(chain)0")],
            of: "deposit_steps",
        ) { columns in
            (
                try columns.parsed("kind", DepositStep.Kind.init(rawValue:)),
                Int(try columns.integer("count")),
            )
        }
        return Dictionary(uniqueKeysWithValues: counts)
    }

    package mutating func unread(
        _ transaction: String,
        on chain: String,
    ) throws -> UnreadTransaction? {
        try row(
            """
            SELECT chain, transaction_name, node, since, reason, told, missing_since,
                missing_noted_at
            FROM unread_transactions
            WHERE chain = ? AND transaction_name = ?
            """,
            [.text(chain), .text(transaction)],
            of: "unread_transactions",
        ) { columns in try DepositRow.unread(&columns) }
    }

    package mutating func unread(
        on chain: String,
        of node: Int,
        after transaction: String?,
        limit: Int,
    ) throws -> [UnreadTransaction] {
        try rows(
            """
            SELECT chain, transaction_name, node, since, reason, told, missing_since,
                missing_noted_at
            FROM unread_transactions
            WHERE chain = ? AND node = ? AND transaction_name > ?
            ORDER BY transaction_name LIMIT ?
            """,
            [
                .text(chain), .integer(Int64(node)), .text(transaction ?? ""),
                .integer(Int64(max(0, limit))),
            ],
            of: "unread_transactions",
        ) { columns in try DepositRow.unread(&columns) }
    }

    package mutating func unreadCounts(on chain: String) throws -> [Int: Int] {
        let counts = try rows(
            """
            SELECT node, count(*) AS count FROM unread_transactions WHERE chain = ? GROUP BY node
            """,
            [.text(chain)],
            of: "unread_transactions",
        ) { columns in (Int(try columns.integer("node")), Int(try columns.integer("count"))) }
        return Dictionary(uniqueKeysWithValues: counts)
    }

    package mutating func save(_ unread: UnreadTransaction) throws {
        willWrite()
        try executeSealed(
            """
            INSERT INTO unread_transactions
                (chain, transaction_name, node, since, reason, told, missing_since,
                missing_noted_at, seal)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (chain, transaction_name) DO UPDATE SET node = excluded.node,
                since = excluded.since, reason = excluded.reason, told = excluded.told,
                missing_since = excluded.missing_since,
                missing_noted_at = excluded.missing_noted_at, seal = excluded.seal
            """,
            [
                .text(unread.chain), .text(unread.transaction), .integer(Int64(unread.node)),
                .integer(unread.since.microseconds), .text(unread.reason),
                .integer(unread.isTold ? 1 : 0),
                .optional(unread.absence?.since.microseconds),
                .optional(unread.absence?.notedAt.microseconds),
            ],
        )
    }

    package mutating func remove(_ unread: UnreadTransaction) throws {
        willWrite()
        try execute(
            "DELETE FROM unread_transactions WHERE chain = ? AND transaction_name = ?",
            [.text(unread.chain), .text(unread.transaction)],
        )
    }
}
