import GRDB
package import Ledger
package import Primitives

extension SQLiteTransaction {
    package mutating func spending(of spender: Spender) throws -> Spending {
        if let loaded = loadedSpendings[spender] { return loaded.value }
        let stored = try row(
            "SELECT charged, held FROM spendings WHERE spender = ?",
            [spender.description],
        )
        let spending = try stored.map { row in
            var columns = RowReader(row, of: "spendings")
            return try columns.spending()
        }
        loadedSpendings[spender] = Loaded(value: spending ?? .zero, isChanged: false)
        return spending ?? .zero
    }

    package mutating func setSpending(_ spending: Spending, of spender: Spender) throws {
        willWrite()
        loadedSpendings[spender] = Loaded(value: spending, isChanged: true)
    }

    mutating func flushSpendings() throws {
        for (spender, loaded) in loadedSpendings where loaded.isChanged {
            try execute(
                """
                INSERT INTO spendings (spender, charged, held) VALUES (?, ?, ?)
                ON CONFLICT (spender) DO UPDATE
                SET charged = excluded.charged, held = excluded.held
                """,
                [spender.description, loaded.value.charged.units, loaded.value.held.units],
            )
            loadedSpendings[spender]?.isChanged = false
        }
    }

    package mutating func charged(by spender: Spender, on day: Int64) throws -> Amount {
        let sql = "SELECT charged FROM daily_charges WHERE spender = ? AND day = ?"
        guard let row = try row(sql, [spender.description, day]) else { return .zero }
        var columns = RowReader(row, of: "daily_charges")
        return try columns.amount("charged")
    }

    package mutating func setCharged(
        _ amount: Amount,
        by spender: Spender,
        on day: Int64,
    ) throws {
        willWrite()
        try execute(
            """
            INSERT INTO daily_charges (spender, day, charged) VALUES (?, ?, ?)
            ON CONFLICT (spender, day) DO UPDATE SET charged = excluded.charged
            """,
            [spender.description, day, amount.units],
        )
    }

    package mutating func charged(by spender: Spender, since day: Int64) throws -> Amount {
        let rows = try rows(
            "SELECT charged FROM daily_charges WHERE spender = ? AND day >= ?",
            [spender.description, day],
        )
        return try rows.reduce(.zero) { sum, row in
            var columns = RowReader(row, of: "daily_charges")
            return sum.adding(try columns.amount("charged")) ?? Amount(.max)
        }
    }

    package mutating func spendings() throws -> [(Spender, Spending)] {
        try flush()
        return try rows("SELECT spender, charged, held FROM spendings ORDER BY spender")
            .map { row in
                var columns = RowReader(row, of: "spendings")
                return (try columns.parsed("spender", Spender.init), try columns.spending())
            }
    }

    package mutating func dailyCharges() throws -> [DailyCharge] {
        try rows("SELECT spender, day, charged FROM daily_charges ORDER BY spender, day")
            .map { row in
                var columns = RowReader(row, of: "daily_charges")
                return DailyCharge(
                    spender: try columns.parsed("spender", Spender.init),
                    day: try columns.integer("day"),
                    charged: try columns.amount("charged"),
                )
            }
    }
}

extension RowReader {
    fileprivate mutating func spending() throws(StoreError) -> Spending {
        Spending(charged: try amount("charged"), held: try amount("held"))
    }
}
