import Deposits
import Ledger
import Primitives
import Withdrawals

/// How a withdrawal is written in a row.
enum WithdrawalRow {
    static let select = """
        SELECT id, chain, asset, amount, wallet, state, transaction_name, transaction_place,
            transaction_raw, transaction_signed_at, transaction_replaced, reason,
            approved_by_rule_at, steps, requested_at, changed_at
        FROM withdrawals
        """

    static let selectOne: StaticString = """
        SELECT id, chain, asset, amount, wallet, state, transaction_name, transaction_place,
            transaction_raw, transaction_signed_at, transaction_replaced, reason,
            approved_by_rule_at, steps, requested_at, changed_at
        FROM withdrawals WHERE id = ?
        """

    static let upsert: StaticString = """
        INSERT INTO withdrawals (id, chain, asset, amount, wallet, state, transaction_name,
            transaction_place, transaction_raw, transaction_signed_at, transaction_replaced,
            reason, approved_by_rule_at, steps, requested_at, changed_at, seal)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET
            chain = excluded.chain, asset = excluded.asset, amount = excluded.amount,
            wallet = excluded.wallet, state = excluded.state,
            transaction_name = excluded.transaction_name,
            transaction_place = excluded.transaction_place,
            transaction_raw = excluded.transaction_raw,
            transaction_signed_at = excluded.transaction_signed_at,
            transaction_replaced = excluded.transaction_replaced, reason = excluded.reason,
            approved_by_rule_at = excluded.approved_by_rule_at, steps = excluded.steps,
            changed_at = excluded.changed_at, seal = excluded.seal
        """

    static func values(of withdrawal: Withdrawal) -> [StoredValue] {
        let (order, payment) = (withdrawal.order, withdrawal.state.payment)
        return [
            .text(order.id.description), .text(order.chain), .text(order.asset.rawValue),
            .integer(order.amount.units), .text(order.wallet.description),
            .text(withdrawal.state.stage.rawValue), .optional(withdrawal.state.transaction),
            .optional(payment?.place), payment.map { .blob($0.raw) } ?? .null,
            .optional(payment?.signedAt.microseconds),
            .optional(payment?.replaced.joined(separator: " ")),
            .optional(withdrawal.state.reason),
            .optional(withdrawal.approvedByRuleAt?.microseconds),
            .integer(Int64(withdrawal.stepCount)), .integer(withdrawal.requestedAt.microseconds),
            .integer(withdrawal.changedAt.microseconds),
        ]
    }

    static func withdrawal(_ columns: inout RowReader) throws(StoreError) -> Withdrawal {
        Withdrawal(
            order: Withdrawal.Order(
                id: try columns.parsed("id", WithdrawalID.init),
                chain: try columns.text("chain"),
                asset: try columns.parsed("asset", Asset.init(rawValue:)),
                amount: try columns.amount("amount"),
                wallet: try columns.parsed("wallet", Wallet.init),
            ),
            state: try columns.withdrawalState(),
            approvedByRuleAt: try columns.optionalTimestamp("approved_by_rule_at"),
            stepCount: Int(try columns.integer("steps")),
            requestedAt: try columns.timestamp("requested_at"),
            changedAt: try columns.timestamp("changed_at"),
        )
    }

    static func step(_ columns: inout RowReader) throws(StoreError) -> WithdrawalStep {
        WithdrawalStep(
            number: Int(try columns.integer("number")),
            kind: try columns.parsed("kind", WithdrawalStep.Kind.init(rawValue:)),
            at: try columns.timestamp("at"),
            evidence: try columns.text("evidence"),
            by: try columns.parsed("actor", StepActor.init),
        )
    }
}

extension RowReader {
    fileprivate mutating func withdrawalState() throws(StoreError) -> Withdrawal.State {
        let stage = try parsed("state", WithdrawalStage.init(rawValue:))
        let name = try optionalText("transaction_name")
        guard name.map({ ChainText.transaction($0) == $0 }) ?? true else {
            throw corrupt("transaction_name")
        }
        let payment = try payment(name)
        let reason = try optionalText("reason")
        switch (stage, name, payment, reason) {
        case (.requested, nil, nil, nil): return .requested
        case (.approved, _, let payment, nil): return .approved(after: payment)
        case (.broadcast, _, let payment?, nil): return .broadcast(payment)
        case (.confirmed, let name?, nil, nil): return .confirmed(transaction: name)
        case (.failed, _, let payment?, let reason?): return .failed(payment, reason: reason)
        case (.givenUp, _, let payment?, let reason?): return .givenUp(payment, reason: reason)
        case (.rejected, nil, nil, let reason?): return .rejected(reason: reason)
        case (_, _, _, _): throw corrupt("state")
        }
    }

    private mutating func payment(_ name: String?) throws(StoreError) -> Withdrawal.Payment? {
        let place = try optionalInteger("transaction_place")
        let raw = try optionalBlob("transaction_raw")
        let signedAt = try optionalTimestamp("transaction_signed_at")
        let replaced = try optionalText("transaction_replaced")
        guard let name, let place, let raw, let signedAt, let replaced else { return nil }
        let payment = Withdrawal.Payment(
            transaction: name,
            place: place,
            raw: raw,
            signedAt: signedAt,
            replaced: replaced.split(separator: " ").map(String.init),
        )
        guard let payment else { throw corrupt("transaction_replaced") }
        return payment
    }
}
