import Deposits
import Ledger
package import Primitives

/// What the chain did with a signed transaction.
package enum PaymentOutcome: Hashable, Sendable {
    /// It is final. Its fees were paid from the treasury, so far as they are of an asset of ours.
    case confirmed(evidence: String, fee: NetworkFee?)
    /// It is not on the chain and never will be, because its time is over.
    case expired(evidence: String)
    /// It is final and moved nothing, or another one took its place; a fee may have been paid all the same.
    case failed(reason: String, fee: NetworkFee?)
}

/// What the chain took from the treasury for a transaction.
package struct NetworkFee: Hashable, Sendable {
    package let asset: Asset
    package let amount: Amount

    /// - Returns: `nil` for nothing.
    package init?(_ asset: Asset, _ amount: Amount) {
        guard amount > .zero else { return nil }
        self.asset = asset
        self.amount = amount
    }
}

/// What becomes of a withdrawal when something is decided or observed: its new state, the step that leads
/// there, and how the money moves.
///
/// The rules alone, without a store; whoever performs a change writes all of it or nothing.
struct WithdrawalChange {
    private(set) var withdrawal: Withdrawal
    /// The step that is new; `nil` where nothing changes.
    private(set) var step: WithdrawalStep?
    private var movement: Movement?
    private var fee: NetworkFee?
    private let now: Timestamp
    private let actor: StepActor

    /// How the money of a withdrawal moves.
    private enum Movement {
        /// From the customer to `payout`.
        case request
        /// From `payout` out of the treasury.
        case payment
        /// From `payout` to the customer.
        case giveBack
    }

    init(_ withdrawal: Withdrawal, by actor: StepActor, at now: Timestamp) {
        self.withdrawal = withdrawal
        self.actor = actor
        self.now = now
    }

    /// A withdrawal that is asked for now.
    init(_ order: Withdrawal.Order, at now: Timestamp) {
        self.init(
            Withdrawal(
                order: order,
                state: .requested,
                approvedByRuleAt: nil,
                stepCount: 0,
                requestedAt: now,
                changedAt: now,
            ),
            by: .customer,
            at: now,
        )
        movement = .request
        go(to: .requested, .requested, "to \(order.wallet) on \(order.chain)")
    }

    mutating func approve() throws(WithdrawalError) {
        switch withdrawal.state {
        case .requested, .failed, .givenUp: break
        case .approved: return
        case .broadcast, .confirmed, .rejected: throw .withdrawalIs(withdrawal.state.stage)
        }
        withdrawal.approvedByRuleAt = actor == .gateway ? now : nil
        go(to: .approved(after: withdrawal.state.payment), .approved, "")
    }

    mutating func reject(_ reason: String) throws(WithdrawalError) {
        switch withdrawal.state {
        case .requested, .approved(after: nil): break
        case .approved, .failed, .givenUp:
            // What was signed for it may have landed all the same: an operator looks first.
            guard actor != .customer else { throw .withdrawalIs(withdrawal.state.stage) }
        case .rejected: return
        case .broadcast, .confirmed: throw .withdrawalIs(withdrawal.state.stage)
        }
        let reason = ChainText.quoted(reason, longest: DepositStep.longestEvidence)
        movement = .giveBack
        go(to: .rejected(reason: reason), .rejected, reason)
    }

    mutating func broadcast(_ payment: Withdrawal.Payment) throws(WithdrawalError) {
        switch withdrawal.state {
        case .broadcast(payment): return
        case .broadcast(let earlier) where payment.replaces(earlier): break
        case .approved: break
        case .requested, .broadcast, .confirmed, .failed, .givenUp, .rejected:
            throw .withdrawalIs(withdrawal.state.stage)
        }
        go(to: .broadcast(payment), .broadcast, payment.transaction)
    }

    /// What was signed will never land, by somebody's word.
    mutating func giveUp(_ reason: String) throws(WithdrawalError) {
        switch withdrawal.state {
        case .broadcast(let payment), .approved(let payment?):
            let reason = ChainText.quoted(reason, longest: DepositStep.longestEvidence)
            let evidence = "\(payment.transaction) \(reason)"
            go(to: .givenUp(payment, reason: reason), .givenUp, evidence)
        case .givenUp: return
        case .requested, .approved(after: nil), .confirmed, .failed, .rejected:
            throw .withdrawalIs(withdrawal.state.stage)
        }
    }

    /// `feeIsBooked` says that an earlier step has the transaction's fee.
    mutating func settle(
        _ transaction: String,
        _ outcome: PaymentOutcome,
        feeIsBooked: Bool,
    ) {
        guard let name = ChainText.transaction(transaction), let payment = withdrawal.state.payment,
            payment.names.contains(name)
        else { return }
        switch (withdrawal.state, outcome) {
        // It may have landed after all, until another one is signed.
        case (.broadcast, .confirmed(let evidence, let fee)),
            (.approved, .confirmed(let evidence, let fee)),
            (.failed, .confirmed(let evidence, let fee)),
            (.givenUp, .confirmed(let evidence, let fee)):
            movement = .payment
            self.fee = feeIsBooked ? nil : fee
            go(to: .confirmed(transaction: name), .confirmed, "\(name) \(evidence)")
        case (.broadcast, .expired(let evidence)):
            go(to: .approved(after: payment), .expired, "\(name) \(evidence)")
        case (.broadcast, .failed(let reason, let fee)), (.givenUp, .failed(let reason, let fee)):
            self.fee = feeIsBooked ? nil : fee
            let reason = ChainText.quoted(reason, longest: DepositStep.longestEvidence)
            go(to: .failed(payment, reason: reason), .failed, "\(name) \(reason)")
        case (.approved, .expired), (.approved, .failed), (.failed, .expired), (.failed, .failed),
            (.givenUp, .expired):
            break
        case (.requested, _), (.confirmed, _), (.rejected, _): break
        }
    }

    private mutating func go(
        to state: Withdrawal.State,
        _ kind: WithdrawalStep.Kind,
        _ evidence: String,
    ) {
        withdrawal.state = state
        withdrawal.stepCount += 1
        withdrawal.changedAt = now
        step = WithdrawalStep(
            number: withdrawal.stepCount,
            kind: kind,
            at: now,
            evidence: evidence,
            by: actor,
        )
    }

    /// The transfers that the change comes to.
    func transfers(at now: Timestamp) -> [Transfer] {
        let order = withdrawal.order
        let customer = AccountID.customer(order.id.customer, order.asset)
        let payout = AccountID(.payout, order.asset)
        var transfers: [Transfer] = []
        func move(
            _ code: TransferCode,
            _ amount: Amount,
            from debit: AccountID,
            to credit: AccountID,
        ) {
            transfers.append(
                Transfer(
                    id: Withdrawal.transferID(
                        code,
                        of: withdrawal.cause,
                        step: withdrawal.stepCount,
                    ),
                    code: code,
                    debit: debit,
                    credit: credit,
                    amount: amount,
                    cause: withdrawal.cause,
                    at: now,
                )
            )
        }
        switch movement {
        case nil: break
        case .request: move(.withdrawal, order.amount, from: customer, to: payout)
        case .payment:
            move(
                .payment,
                order.amount,
                from: payout,
                to: AccountID(.custody(order.chain), order.asset),
            )
        case .giveBack: move(.withdrawalReturn, order.amount, from: payout, to: customer)
        }
        if let fee {
            let custody = AccountID(.custody(order.chain), fee.asset)
            move(.networkFee, fee.amount, from: AccountID(.overrun, fee.asset), to: custody)
        }
        return transfers
    }
}

extension Withdrawal.Payment {
    /// Whether it is known to be signed for the place of an earlier one, so that one of both lands.
    fileprivate func replaces(_ earlier: Withdrawal.Payment) -> Bool {
        place == earlier.place && replaced == earlier.replaced + [earlier.transaction]
    }
}

extension Withdrawal {
    /// The first word of all of its transfers' ids, and what they say caused them.
    package var cause: String { "withdrawal/\(id)" }

    /// The id of the transfer with a code that a step makes.
    static func transferID(_ code: TransferCode, of cause: String, step: Int) -> TransferID {
        TransferID("\(cause)/\(step)\(code == .networkFee ? "/fee" : "")")
    }
}
