import Deposits
import Ledger
package import Primitives
package import Withdrawals

extension SQLiteTransaction: WithdrawalTransaction {
    package mutating func withdrawal(_ id: WithdrawalID) throws -> Withdrawal? {
        try row(WithdrawalRow.selectOne, [.text(id.description)], of: "withdrawals") { columns in
            try WithdrawalRow.withdrawal(&columns)
        }
    }

    package mutating func withdrawal(signedAs transaction: String) throws -> WithdrawalID? {
        try row(
            "SELECT id FROM withdrawals WHERE transaction_name = ?",
            [.text(transaction)],
            of: "withdrawals",
        ) { columns in try columns.parsed("id", WithdrawalID.init) }
    }

    package mutating func save(_ withdrawal: Withdrawal) throws {
        willWrite()
        try executeSealed(WithdrawalRow.upsert, WithdrawalRow.values(of: withdrawal))
    }

    package mutating func append(_ step: WithdrawalStep, to id: WithdrawalID) throws {
        willWrite()
        try executeSealed(
            """
            INSERT INTO withdrawal_steps (withdrawal, number, kind, at, evidence, actor, seal)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(id.description), .integer(Int64(step.number)), .text(step.kind.rawValue),
                .integer(step.at.microseconds), .text(step.evidence),
                .text(step.by.description),
            ],
        )
    }

    package mutating func steps(of id: WithdrawalID) throws -> [WithdrawalStep] {
        try rows(
            """
            SELECT number, kind, at, evidence, actor FROM withdrawal_steps WHERE withdrawal = ?
            ORDER BY number
            """,
            [.text(id.description)],
            of: "withdrawal_steps",
        ) { columns in try WithdrawalRow.step(&columns) }
    }

    package mutating func paidIn(by customer: CustomerID, _ asset: Asset) throws -> Int128 {
        let amounts = try rows(
            """
            SELECT amount FROM deposits WHERE state = 'credited' AND customer = ? AND asset = ?
            UNION ALL
            SELECT -amount FROM withdrawals
            WHERE id > ? AND id < ? AND asset = ? AND state <> 'rejected'
            """,
            [
                .text(customer.description), .text(asset.rawValue), .text("\(customer)/"),
                .text("\(customer)0"), .text(asset.rawValue),
            ],
            of: "deposits",
        ) { columns in Int128(try columns.integer("amount")) }
        return amounts.reduce(0, +)
    }
}

extension SQLiteTransaction: WithdrawalReading {
    package mutating func withdrawals(
        of customer: CustomerID?,
        in stage: WithdrawalStage?,
        after id: WithdrawalID?,
        limit: Int,
    ) throws -> [Withdrawal] {
        let inStage = stage == nil ? "" : "state = ? AND"
        let stages: [StoredValue] = stage.map { [.text($0.rawValue)] } ?? []
        // Behind a customer's slash stands nothing of anybody else's; behind all of it comes a zero.
        let first = customer.map { "\($0)/" } ?? ""
        let last = customer.map { "\($0)0" } ?? "\u{10FFFF}"
        let after =
            id.flatMap { customer == nil || $0.customer == customer ? "\($0)" : nil } ?? first
        return try rows(
            """
            \(WithdrawalRow.select) WHERE \(inStage) id > ? AND id < ? ORDER BY id LIMIT ?
            """,
            stages + [.text(after), .text(last), .integer(Int64(max(0, limit)))],
            of: "withdrawals",
        ) { columns in try WithdrawalRow.withdrawal(&columns) }
    }

    package mutating func approvedByRule(since start: Timestamp) throws -> [Asset: Amount] {
        let approved = try rows(
            """
            SELECT asset, amount FROM withdrawals
            WHERE approved_by_rule_at IS NOT NULL AND approved_by_rule_at >= ?
            """,
            [.integer(start.microseconds)],
            of: "withdrawals",
        ) { columns in
            (try columns.parsed("asset", Asset.init(rawValue:)), try columns.amount("amount"))
        }
        return approved.reduce(into: [:]) { sums, one in
            sums[one.0] = sums[one.0, default: .zero].adding(one.1) ?? Amount(.max)
        }
    }

    package mutating func withdrawalTotals() throws -> [WithdrawalTotal] {
        let all = try rows("SELECT state, asset, amount FROM withdrawals", of: "withdrawals") {
            columns in
            (
                try columns.parsed("state", WithdrawalStage.init(rawValue:)),
                try columns.parsed("asset", Asset.init(rawValue:)), try columns.amount("amount"),
            )
        }
        return WithdrawalTotal.sums(of: all)
    }
}
