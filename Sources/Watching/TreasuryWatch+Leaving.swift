import Deposits
import Ledger
import Primitives
import Withdrawals

extension DepositWatchTransaction where Self: WithdrawalReading {
    /// How much of an asset is in `payout` to leave over a chain: what was signed for takes, and what was
    /// rejected and stands on the chain, to be sent back.
    mutating func leaving(_ asset: Asset, over chain: String) throws -> Int128 {
        var sum: Int128 = 0
        for stage in WithdrawalStage.allCases where stage.mayHaveLeft {
            var last: WithdrawalID?
            repeat {
                let page = try withdrawals(of: nil, in: stage, after: last, limit: 1000)
                // Without a signature nothing has left.
                sum += page.filter { $0.state.payment != nil }.map(\.order)
                    .filter { $0.chain == chain && $0.asset == asset }
                    .reduce(0) { $0 + Int128($1.amount.units) }
                last = page.last?.id
            } while last != nil
        }
        var last: DepositID?
        repeat {
            let page = try deposits(on: chain, in: .rejected, after: last, limit: 1000)
            sum += page.filter { $0.isToBeSentBack && $0.event.asset == asset }
                .reduce(0) { $0 + Int128($1.event.amount.units) }
            last = page.last?.id
        } while last != nil
        return sum
    }
}

extension WithdrawalStage {
    /// Whether something may be signed for it that has left, and is not out of `payout`.
    fileprivate var mayHaveLeft: Bool {
        switch self {
        case .approved, .broadcast, .failed, .givenUp: true
        case .requested, .confirmed, .rejected: false
        }
    }
}

extension Deposit {
    /// Whether its money is in `payout`.
    fileprivate var isToBeSentBack: Bool {
        switch state {
        case .rejected(_, gone: nil): true
        case .seen, .credited, .suspended, .reversed, .rejected: false
        }
    }
}
