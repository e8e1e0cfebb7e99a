import Deposits
import Ledger
import Primitives
import Withdrawals

extension LedgerSide {
    /// The coin that the simulated chain takes its fees in.
    static let feeAsset = Asset.sol

    private static func withdrawalID(_ number: Int, of customer: Int) -> WithdrawalID {
        guard let id = WithdrawalID(customer: LedgerSide.customer(customer), name: "w\(number)")
        else {
            preconditionFailure("\(number) names a withdrawal")
        }
        return id
    }

    private static func payment(_ attempt: Int, of id: Int, _ customer: Int) -> Withdrawal.Payment {
        func bytes(_ attempt: Int) -> [UInt8] {
            [UInt8](repeating: UInt8(attempt), count: 30) + [UInt8(id), UInt8(customer)]
        }
        func name(_ attempt: Int) -> String { "0x\(Hexadecimal.text(bytes(attempt)))" }
        let payment = Withdrawal.Payment(
            transaction: name(attempt),
            place: 0,
            raw: bytes(attempt),
            signedAt: Timestamp(microseconds: 0),
            replaced: attempt == WithdrawalEvent.replacement ? [name(0)] : [],
        )
        guard let payment else { preconditionFailure("\(attempt) names a transaction") }
        return payment
    }

    /// Takes what a customer asks for.
    mutating func withdraw(_ asked: SimpleWithdrawal) throws -> Outcome {
        let order = Withdrawal.Order(
            id: LedgerSide.withdrawalID(asked.id, of: asked.customer),
            chain: LedgerSide.chain,
            asset: asked.asset,
            amount: Amount(asked.amount),
            wallet: LedgerSide.wallets[asked.wallet],
        )
        return Outcome(try books.withdraw(order, at: now))
    }

    /// Lets something happen to a withdrawal.
    mutating func decide(
        _ id: Int,
        of customer: Int,
        _ event: WithdrawalEvent,
    ) throws -> Outcome {
        let name = LedgerSide.withdrawalID(id, of: customer)
        func transaction(_ attempt: Int) -> String {
            LedgerSide.payment(attempt, of: id, customer).transaction
        }
        func fee(_ units: Int64) -> NetworkFee? { NetworkFee(LedgerSide.feeAsset, Amount(units)) }
        switch event {
        case .approve(let byOperator):
            let actor: StepActor = byOperator ? .named("ann") : .gateway
            return Outcome(try books.approve(name, by: actor, at: now))
        case .reject:
            return Outcome(try books.reject(name, reason: "", by: .named("ann"), at: now))
        case .giveUp:
            return Outcome(try books.giveUp(name, reason: "", by: .named("ann"), at: now))
        case .broadcast(let attempt):
            let payment = LedgerSide.payment(attempt, of: id, customer)
            return Outcome(try books.broadcast(name, payment, at: now))
        case .confirm(let attempt, let units):
            let outcome = PaymentOutcome.confirmed(evidence: "", fee: fee(units))
            return Outcome(try books.settle(name, transaction(attempt), outcome, at: now))
        case .expire(let attempt):
            let outcome = PaymentOutcome.expired(evidence: "")
            return Outcome(try books.settle(name, transaction(attempt), outcome, at: now))
        case .fail(let attempt, let units):
            let outcome = PaymentOutcome.failed(reason: "", fee: fee(units))
            return Outcome(try books.settle(name, transaction(attempt), outcome, at: now))
        }
    }
}

extension Outcome {
    fileprivate init(_ withdrawal: Withdrawal) {
        self = .withdrawal(withdrawal.state.stage.rawValue)
    }

    init(_ error: WithdrawalError) {
        switch error {
        case .nothingToWithdraw(_, let available): self = .refused("\(error.code) \(available)")
        case .withdrawalIs(let stage): self = .refused("\(error.code) \(stage.rawValue)")
        case .withdrawalNotFound, .withdrawalExistsWithDifferentContent, .walletNotProven,
            .transactionIsAnothers:
            self = .refused(error.code)
        }
    }
}
