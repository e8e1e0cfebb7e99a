import Deposits
import Ledger
package import Primitives
package import Withdrawals

extension MemoryTransaction: WithdrawalTransaction {
    package func withdrawal(_ id: WithdrawalID) -> Withdrawal? { books.withdrawals[id] }

    package func withdrawal(signedAs transaction: String) -> WithdrawalID? {
        books.withdrawals.values.first { $0.state.transaction == transaction }?.id
    }

    package mutating func save(_ withdrawal: Withdrawal) throws {
        try write { books in
            if let stored = books.withdrawals[withdrawal.id], stored.order != withdrawal.order {
                throw RefusedRow("withdrawal \(withdrawal.id) keeps its order")
            }
            if let transaction = withdrawal.state.transaction {
                let others = books.withdrawals.values.filter { $0.id != withdrawal.id }
                guard
                    !others.contains(where: {
                        $0.state.transaction == transaction
                    })
                else { throw RefusedRow("\(transaction) pays another withdrawal") }
            }
            books.withdrawals[withdrawal.id] = withdrawal
        }
    }

    package mutating func append(_ step: WithdrawalStep, to id: WithdrawalID) throws {
        try write { books in
            guard books.withdrawals[id] != nil else { throw RefusedRow("\(id) is no withdrawal") }
            guard books.withdrawalSteps[id, default: []].allSatisfy({ $0.number != step.number })
            else { throw RefusedRow("step \(step.number) of \(id) exists") }
            books.withdrawalSteps[id, default: []].append(step)
        }
    }

    package func steps(of id: WithdrawalID) -> [WithdrawalStep] {
        (books.withdrawalSteps[id] ?? []).sorted { $0.number < $1.number }
    }

    package func paidIn(by customer: CustomerID, _ asset: Asset) -> Int128 {
        let came = books.deposits.values
            .filter { $0.state == .credited(customer) && $0.event.asset == asset }
            .reduce(Int128(0)) { $0 + Int128($1.event.amount.units) }
        let went = books.withdrawals.values
            .filter { $0.id.customer == customer && $0.order.asset == asset }
            .filter { $0.state.stage != .rejected }
            .reduce(Int128(0)) { $0 + Int128($1.order.amount.units) }
        return came - went
    }
}

extension MemoryTransaction: WithdrawalReading {
    package func withdrawals(
        of customer: CustomerID?,
        in stage: WithdrawalStage?,
        after id: WithdrawalID?,
        limit: Int,
    ) -> [Withdrawal] {
        let start = SortKey(id?.description ?? "")
        let found = books.withdrawals.values
            .filter { customer == nil || $0.id.customer == customer }
            .filter { stage == nil || $0.state.stage == stage }
            .map { (withdrawal: $0, key: SortKey($0.id)) }
            .filter { start < $0.key }
        return found.sorted { $0.key < $1.key }.prefix(max(0, limit)).map(\.withdrawal)
    }

    package func approvedByRule(since start: Timestamp) -> [Asset: Amount] {
        var sums: [Asset: Amount] = [:]
        for withdrawal in books.withdrawals.values {
            guard let at = withdrawal.approvedByRuleAt, at >= start else { continue }
            let (asset, amount) = (withdrawal.order.asset, withdrawal.order.amount)
            sums[asset] = sums[asset, default: .zero].adding(amount) ?? Amount(.max)
        }
        return sums
    }

    package func withdrawalTotals() -> [WithdrawalTotal] {
        WithdrawalTotal.sums(
            of: books.withdrawals.values.map { ($0.state.stage, $0.order.asset, $0.order.amount) }
        )
    }
}
