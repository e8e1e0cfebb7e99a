package import Primitives

/// What a customer asks to have back; everybody in it is numbered.
package struct SimpleWithdrawal: Hashable, Sendable {
    package let id: Int
    package let customer: Int
    package let wallet: Int
    package let asset: Asset
    package let amount: Int64

    package init(id: Int, customer: Int, wallet: Int, _ asset: Asset, _ amount: Int64) {
        self.id = id
        self.customer = customer
        self.wallet = wallet
        self.asset = asset
        self.amount = amount
    }
}

extension SimpleWithdrawal {
    /// What becomes of it where nothing comes between.
    func usual(_ dice: inout Dice) -> [LedgerEvent] {
        let ends: [WithdrawalEvent] = [
            .confirm(attempt: 0, fee: 5), .confirm(attempt: 0, fee: 0), .fail(attempt: 0, fee: 5),
            .expire(attempt: 0),
        ]
        let way: [WithdrawalEvent] =
            dice.oneIn(6) ? [.reject] : [.approve(byOperator: false), .broadcast(attempt: 0)]
        return (way + [dice.pick(ends)]).map {
            .decide(id: id, customer: customer, $0)
        }
    }
}

/// What can happen to a withdrawal that was asked for.
package enum WithdrawalEvent: Hashable, Sendable {
    case approve(byOperator: Bool)
    case reject
    /// An operator says that what was signed never lands.
    case giveUp
    /// A transaction is signed, the `attempt`th of its withdrawal's.
    case broadcast(attempt: Int)
    case confirm(attempt: Int, fee: Int64)
    case expire(attempt: Int)
    case fail(attempt: Int, fee: Int64)

    /// The attempt that is signed for the place of the first one, so that either of both lands.
    package static var replacement: Int { 2 }

    static func random(_ dice: inout Dice) -> WithdrawalEvent {
        let attempt = dice.oneIn(4) ? 1 : dice.oneIn(4) ? replacement : 0
        let fee = dice.oneIn(3) ? LedgerEvent.amount(&dice) : 0
        return switch dice.below(17) {
        case 0..<4: .approve(byOperator: dice.oneIn(2))
        case 4: .reject
        case 5..<10: .broadcast(attempt: attempt)
        case 10..<14: .confirm(attempt: attempt, fee: fee)
        case 14: .expire(attempt: attempt)
        case 15: .giveUp
        default: .fail(attempt: attempt, fee: fee)
        }
    }
}
