package import Deposits
import Ledger
package import Primitives
package import Withdrawals

extension WithdrawalID {
    package static func sample(
        _ name: String = "w",
        of customer: CustomerID = "acme",
    ) -> WithdrawalID {
        guard let id = WithdrawalID(customer: customer, name: name) else {
            preconditionFailure("\(name) names a withdrawal")
        }
        return id
    }
}

extension Withdrawal.Order {
    /// An order of `acme`'s, to the wallet 5 unless another is told.
    package static func sample(
        _ name: String = "w",
        _ amount: Amount = 40,
        _ asset: Asset = .usdc,
        of customer: CustomerID = "acme",
        wallet: Wallet = .sample(5),
    ) -> Withdrawal.Order {
        Withdrawal.Order(
            id: .sample(name, of: customer),
            chain: DepositID.sample().chain,
            asset: asset,
            amount: amount,
            wallet: wallet,
        )
    }
}

extension Withdrawal.Payment {
    /// A signed transaction, one for each byte, which may replace others at the same place.
    package static func sample(
        _ byte: UInt8 = 1,
        place: Int64 = 7,
        replacing earlier: [UInt8] = [],
    ) -> Withdrawal.Payment {
        func name(_ byte: UInt8) -> String {
            "0x\(Hexadecimal.text([UInt8](repeating: byte, count: 32)))"
        }
        let payment = Withdrawal.Payment(
            transaction: name(byte),
            place: place,
            raw: [byte, 0, 1],
            signedAt: .second(3),
            replaced: earlier.map(name),
        )
        guard let payment else { preconditionFailure("\(name(byte)) names a transaction") }
        return payment
    }
}

extension WithdrawalTransaction {
    /// Brings a withdrawal out that waits, with a fee of 2.
    package mutating func pay(_ id: WithdrawalID, at now: Timestamp) throws {
        let payment = Withdrawal.Payment.sample()
        try approve(id, by: .gateway, at: now)
        try broadcast(id, payment, at: now)
        let fee = NetworkFee(.usdc, 2)
        try settle(id, payment.transaction, .confirmed(evidence: "block", fee: fee), at: now)
    }
}

/// One thing that can happen to withdrawals, drawn at random from a small world so that they collide.
///
/// The customers `c0` to `c2` are there.
package enum WithdrawalDeed: Sendable {
    case bind(Wallet, to: CustomerID)
    case withdraw(Withdrawal.Order)
    case approve(WithdrawalID)
    case reject(WithdrawalID)
    case broadcast(WithdrawalID, Withdrawal.Payment)
    case settle(WithdrawalID, Withdrawal.Payment, PaymentOutcome)

    package static func random(
        using random: inout some RandomNumberGenerator
    ) -> WithdrawalDeed {
        let number = Int.random(in: 0..<3, using: &random)
        let customer = CustomerID("c\(number)")
        let name = "w\(Int.random(in: 0..<4, using: &random))"
        let id = WithdrawalID.sample(name, of: customer)
        let byte =
            UInt8(Int.random(in: 0..<3, using: &random) + 3 * number) * 4 + (name.utf8.last ?? 48)
            - 48
        let payment = Withdrawal.Payment.sample(byte)
        switch Int.random(in: 0..<14, using: &random) {
        case 0: return .bind(.sample(UInt8(40 + number)), to: customer)
        case 1..<5:
            return .withdraw(
                .sample(
                    name,
                    Amount(Int64.random(in: 0..<60, using: &random)),
                    Asset.allCases[Int.random(in: 0..<4, using: &random)],
                    of: customer,
                    wallet: .sample(UInt8(40 + number)),
                )
            )
        case 5..<7: return .approve(id)
        case 7: return .reject(id)
        case 8..<11: return .broadcast(id, payment)
        case 11: return .settle(id, payment, .expired(evidence: "height"))
        case 12: return .settle(id, payment, .failed(reason: "failed", fee: NetworkFee(.sol, 3)))
        default:
            return .settle(id, payment, .confirmed(evidence: "block", fee: NetworkFee(.sol, 5)))
        }
    }

    /// Lets it happen.
    ///
    /// - Returns: the withdrawal as it is then; `nil` where there is none.
    package func happen(
        in books: inout some WithdrawalTransaction,
        at now: Timestamp,
    ) throws -> Withdrawal? {
        switch self {
        case .bind(let wallet, let customer):
            try books.bind(wallet, to: customer, at: now)
            return nil
        case .withdraw(let order): return try books.withdraw(order, at: now)
        case .approve(let id): return try books.approve(id, by: .gateway, at: now)
        case .reject(let id):
            return try books.reject(id, reason: "sample", by: .named("ann"), at: now)
        case .broadcast(let id, let payment): return try books.broadcast(id, payment, at: now)
        case .settle(let id, let payment, let outcome):
            return try books.settle(id, payment.transaction, outcome, at: now)
        }
    }
}
