package import Ledger
package import Primitives

extension SQLiteTransaction {
    package mutating func spending(of spender: Spender) throws -> Spending {
        switch loaded.spendings[spender] {
        case .row(let found): return found
        case .absent: return .zero
        case .nothing: break
        }
        let spending = try row(
            "SELECT charged, held FROM spendings WHERE spender = ?",
            [.text(spender.description)],
            of: "spendings",
        ) { columns in try columns.spending() }
        loaded.spendings.remember(spending, for: spender)
        return spending ?? .zero
    }

    package mutating func setSpending(_ spending: Spending, of spender: Spender) throws {
        willWrite()
        loaded.spendings.change(spending, for: spender)
    }

    mutating func flushSpendings() throws {
        let statements = statements
        try loaded.spendings.storeChanged { spender, spending, isStored in
            let values: [StoredValue] = [
                .text(spender.description), .integer(spending.charged.units),
                .integer(spending.held.units),
            ]
            if isStored {
                try statements.update(
                    "UPDATE spendings SET charged = ?2, held = ?3 WHERE spender = ?1",
                    values,
                )
            } else {
                try statements.run(
                    """
                    INSERT INTO spendings (spender, charged, held) VALUES (?, ?, ?)
                    ON CONFLICT (spender) DO UPDATE
                    SET charged = excluded.charged, held = excluded.held
                    """,
                    values,
                )
            }
        }
    }

    package mutating func charged(by spender: Spender, on day: Int64) throws -> Amount {
        let place = LoadedRows.SpenderDay(spender: spender, day: day)
        switch loaded.days[place] {
        case .row(let found): return found
        case .absent: return .zero
        case .nothing: break
        }
        let charged = try row(
            "SELECT charged FROM daily_charges WHERE spender = ? AND day = ?",
            [.text(spender.description), .integer(day)],
            of: "daily_charges",
        ) { columns in try columns.amount("charged") }
        loaded.days.remember(charged, for: place)
        return charged ?? .zero
    }

    package mutating func setCharged(
        _ amount: Amount,
        by spender: Spender,
        on day: Int64,
    ) throws {
        willWrite()
        loaded.days.change(amount, for: LoadedRows.SpenderDay(spender: spender, day: day))
    }

    package mutating func charged(by spender: Spender, since day: Int64) throws -> Amount {
        let stored = try rows(
            "SELECT day, charged FROM daily_charges WHERE spender = ? AND day >= ?",
            [.text(spender.description), .integer(day)],
            of: "daily_charges",
        ) { columns in (day: try columns.integer("day"), charged: try columns.amount("charged")) }
        // What this batch has changed is not in the table yet.
        let changed = loaded.days.changed { $0.spender == spender && $0.day >= day }
        var sum = Amount.zero
        for (day, charged) in stored
        where changed[LoadedRows.SpenderDay(spender: spender, day: day)] == nil {
            sum = sum.adding(charged) ?? Amount(.max)
        }
        for (_, charged) in changed { sum = sum.adding(charged) ?? Amount(.max) }
        return sum
    }

    mutating func flushDays() throws {
        let statements = statements
        try loaded.days.storeChanged { place, charged, isStored in
            let values: [StoredValue] = [
                .text(place.spender.description), .integer(place.day), .integer(charged.units),
            ]
            if isStored {
                try statements.update(
                    "UPDATE daily_charges SET charged = ?3 WHERE spender = ?1 AND day = ?2",
                    values,
                )
            } else {
                try statements.run(
                    """
                    INSERT INTO daily_charges (spender, day, charged) VALUES (?, ?, ?)
                    ON CONFLICT (spender, day) DO UPDATE SET charged = excluded.charged
                    """,
                    values,
                )
            }
        }
    }

    package mutating func spendings() throws -> [(Spender, Spending)] {
        try flush()
        return try rows(
            "SELECT spender, charged, held FROM spendings ORDER BY spender",
            of: "spendings",
        ) { columns in
            (try columns.parsed("spender", Spender.init), try columns.spending())
        }
    }

    package mutating func dailyCharges() throws -> [DailyCharge] {
        try flush()
        return try rows(
            "SELECT spender, day, charged FROM daily_charges ORDER BY spender, day",
            of: "daily_charges",
        ) { columns in
            DailyCharge(
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
