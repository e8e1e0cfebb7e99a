import Deposits
import Ledger
package import Primitives
package import Withdrawals

extension LeanBooks: WithdrawalTransaction {
    package func withdrawal(_ id: WithdrawalID) -> Withdrawal? { withdrawals[id] }

    package func withdrawal(signedAs transaction: String) -> WithdrawalID? {
        withdrawals.values.first { $0.state.transaction == transaction }?.id
    }

    package mutating func save(_ withdrawal: Withdrawal) { withdrawals[withdrawal.id] = withdrawal }

    package mutating func append(_ step: WithdrawalStep, to id: WithdrawalID) {
        withdrawalSteps[id, default: []].append(step)
    }

    package func steps(of id: WithdrawalID) -> [WithdrawalStep] { withdrawalSteps[id] ?? [] }

    package func paidIn(by customer: CustomerID, _ asset: Asset) -> Int128 {
        var sum: Int128 = 0
        for deposit in deposits.values
        where deposit.state == .credited(customer) && deposit.event.asset == asset {
            sum += Int128(deposit.event.amount.units)
        }
        for (id, withdrawal) in withdrawals
        where id.customer == customer && withdrawal.order.asset == asset {
            if withdrawal.state.stage != .rejected { sum -= Int128(withdrawal.order.amount.units) }
        }
        return sum
    }
}

extension LeanBooks: WithdrawalReading {
    package func withdrawals(
        of customer: CustomerID?,
        in stage: WithdrawalStage?,
        after id: WithdrawalID?,
        limit: Int,
    ) -> [Withdrawal] {
        guard id == nil else { return [] }
        return withdrawals.values
            .filter { customer == nil || $0.id.customer == customer }
            .filter { stage == nil || $0.state.stage == stage }
            .sorted { $0.id.description < $1.id.description }
    }

    package func approvedByRule(since start: Timestamp) -> [Asset: Amount] {
        var sums: [Asset: Amount] = [:]
        for one in withdrawals.values {
            guard let at = one.approvedByRuleAt, at >= start else { continue }
            sums[one.order.asset] =
                sums[one.order.asset, default: .zero].adding(one.order.amount) ?? Amount(.max)
        }
        return sums
    }

    package func withdrawalTotals() -> [WithdrawalTotal] {
        WithdrawalTotal.sums(
            of: withdrawals.values.map { ($0.state.stage, $0.order.asset, $0.order.amount) }
        )
    }
}
