import Deposits
import Ledger
import Primitives
import Withdrawals

/// That what customers have, have paid and have taken out is what they were given: in each asset,
/// Σ balances + charges + withdrawals = Σ credited deposits + grants.
///
/// Balances are as they are stored, deposits and withdrawals as their records say, charges and grants as
/// transfers were written: three tellings of the same money.
struct Conservation: Sendable {
    private var sequence: Int64 = 0
    private var granted = [Int128](repeating: 0, count: Asset.allCases.count)
    /// Less refunds.
    private var charged = [Int128](repeating: 0, count: Asset.allCases.count)

    /// What does not add up; `nil` where all does.
    mutating func problem(in books: LeanBooks) -> String? {
        for link in books.links(after: sequence) {
            sequence = link.sequence
            let (transfer, amount) = (link.transfer, Int128(link.transfer.amount.units))
            switch transfer.code {
            case .grant: granted[transfer.asset.index] += amount
            case .cost, .margin: charged[transfer.asset.index] += amount
            case .refund: charged[transfer.asset.index] -= amount
            case .overrunCost, .overrunMargin, .deposit, .assignment, .reversal, .restoration,
                .rejection, .withdrawal, .withdrawalReturn, .payment, .networkFee:
                continue
            }
        }
        var given = granted
        for deposit in books.deposits.values {
            given[deposit.event.asset.index] += Int128(deposit.credit.units)
        }
        var owned = charged
        for withdrawal in books.withdrawals.values where withdrawal.state.stage != .rejected {
            owned[withdrawal.order.asset.index] += Int128(withdrawal.order.amount.units)
        }
        let had = books.customersHave
        for asset in Asset.allCases {
            let owned = owned[asset.index] + had[asset.index]
            guard owned == given[asset.index] else {
                return "\(asset.rawValue): customers have, have paid and took out \(owned), "
                    + "they were given \(given[asset.index])"
            }
        }
        return nil
    }
}

extension Deposit {
    /// What of it is the customer's, or was until it was spent.
    fileprivate var credit: Amount {
        switch state {
        case .credited: event.amount
        case .reversed(.credited(_, let lost)), .rejected(_, .credited(_, let lost)): lost
        case .seen, .suspended, .reversed, .rejected: .zero
        }
    }
}
