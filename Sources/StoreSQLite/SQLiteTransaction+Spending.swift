package import Ledger
package import Primitives

extension SQLiteTransaction {
    package mutating func spending(of spender: Spender) throws -> Spending {
        if let found = loaded.spendings[spender] { return found }
        let spending = Spending(
            charged: try charged(by: spender, since: .min),
            held: try reserved(by: spender),
        )
        loaded.spendings[spender] = spending
        return spending
    }

    package mutating func setSpending(_ spending: Spending, of spender: Spender) throws {
        willWrite()
        loaded.spendings[spender] = spending
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
        try flushDays()
        return try rows(
            "SELECT charged FROM daily_charges WHERE spender = ? AND day >= ?",
            [.text(spender.description), .integer(day)],
            of: "daily_charges",
        ) { columns in try columns.amount("charged") }.reduce(.zero, saturatingSum)
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
        var spendings: [Spender: Spending] = [:]
        for charge in try dailyCharges() {
            let charged = saturatingSum(
                spendings[charge.spender]?.charged ?? .zero,
                charge.charged,
            )
            spendings[charge.spender] = Spending(charged: charged)
        }
        for (spender, amount) in try reservedBySpender() {
            spendings[spender, default: .zero].held = amount
        }
        return spendings.map { (name: $0.description, spending: ($0, $1)) }
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
            .map(\.spending)
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
