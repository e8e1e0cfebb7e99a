import Deposits
package import Ledger
package import Primitives

/// What withdrawals go out without an operator's word, and when.
package struct WithdrawalPolicy: Hashable, Sendable {
    /// The most that is approved by the rule alone within a day, of all customers together, in micro-USD.
    package var limit: Amount
    /// How long each one waits first, so that its owner can stop one that is not its own.
    package var coolDown: Duration
    /// The least that one withdrawal is of, in micro-USD.
    package var minimum: Amount

    package init(
        limit: Amount = Amount(100_000_000),
        coolDown: Duration = .seconds(3600),
        minimum: Amount = Amount(1_000_000),
    ) {
        self.limit = limit
        self.coolDown = coolDown
        self.minimum = minimum
    }

    /// The span that ``limit`` is for.
    static let day = Duration.seconds(86_400)

    /// What an amount is worth in micro-USD; `nil` where nobody knows.
    package func worth(_ amount: Amount, _ asset: Asset, _ solRate: SOLRate?) -> Amount? {
        asset.isDollar ? amount : solRate?.microdollars(coveredBy: amount)
    }

    /// Whether a withdrawal is approved now, after so much was within the last day.
    func approves(
        _ withdrawal: Withdrawal,
        after approved: [Asset: Amount],
        _ solRate: SOLRate?,
        at now: Timestamp,
    ) -> Bool {
        guard withdrawal.state == .requested,
            now >= withdrawal.requestedAt.advanced(by: coolDown)
        else { return false }
        var sum = Amount.zero
        let order = withdrawal.order
        for (asset, amount) in approved.map({ ($0, $1) }) + [(order.asset, order.amount)] {
            guard let worth = worth(amount, asset, solRate), let more = sum.adding(worth) else {
                return false
            }
            sum = more
        }
        return sum <= limit
    }
}

extension WithdrawalTransaction where Self: WithdrawalReading {
    /// Approves a withdrawal whose time has come, that is within the limit, and whose money is still there.
    ///
    /// - Throws: ``WithdrawalError/withdrawalNotFound(_:)``; nothing is written.
    /// - Returns: the withdrawal as it is then; approved or not.
    package mutating func approveIfDue(
        _ id: WithdrawalID,
        _ policy: WithdrawalPolicy,
        _ solRate: SOLRate?,
        at now: Timestamp,
    ) throws -> Withdrawal {
        guard let known = try withdrawal(id) else { throw WithdrawalError.withdrawalNotFound(id) }
        let start = now.advanced(by: .zero - WithdrawalPolicy.day)
        // What it was paid in with may have left its chain meanwhile.
        guard try paidIn(by: id.customer, known.order.asset) >= 0,
            policy.approves(known, after: try approvedByRule(since: start), solRate, at: now)
        else { return known }
        return try approve(id, by: .gateway, at: now)
    }
}
