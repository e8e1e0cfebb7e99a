import Primitives

/// What becomes of a deposit when something is observed or decided: its new state, the steps that
/// lead there, and how its money moves.
///
/// The rules alone, without a store; whoever performs a change writes all of it or nothing.
struct DepositChange {
    var deposit: Deposit
    /// The steps that are new.
    private(set) var steps: [DepositStep] = []
    var movement: DepositMovement?
    private let before: Deposit?
    private let now: Timestamp
    private let actor: StepActor

    /// After so many steps, what moves no money leaves none: whoever tells stories about a deposit
    /// can not fill the disk with them.
    static let mostTales = 50

    init(_ deposit: Deposit, by actor: StepActor, at now: Timestamp) {
        self.deposit = deposit
        before = deposit
        self.actor = actor
        self.now = now
    }

    /// A deposit of which nothing is known but this observation.
    init(first observed: ObservedDeposit, by actor: StepActor, at now: Timestamp) {
        deposit = Deposit(
            id: observed.id,
            event: observed.event,
            block: nil,
            state: .seen,
            isDisputed: false,
            stepCount: 0,
            seenAt: now,
            changedAt: now,
        )
        before = nil
        self.actor = actor
        self.now = now
    }

    /// Whether there is anything to write.
    var isChange: Bool { deposit != before }

    /// Adds a step; one that moves money, or what goes with it, is always kept.
    mutating func add(_ kind: DepositStep.Kind, _ evidence: String) {
        deposit.stepCount += 1
        deposit.changedAt = now
        steps.append(
            DepositStep(
                number: deposit.stepCount,
                kind: kind,
                at: now,
                evidence: evidence,
                by: actor,
            )
        )
    }

    /// Adds a step that moves no money, unless there are too many.
    mutating func tell(_ kind: DepositStep.Kind, _ evidence: String) {
        if deposit.stepCount < DepositChange.mostTales { add(kind, evidence) }
    }
}

extension DepositChange {
    /// The event is no longer in `block`; `available` is what its customer can give back.
    mutating func drop(from block: BlockReference, available: Amount) {
        guard deposit.block == block else { return }
        deposit.block = nil
        switch deposit.state {
        case .seen:
            deposit.state = .reversed(.seen)
            tell(.reversed, block.description)
        case .suspended(let suspicion):
            deposit.state = .reversed(.suspended(suspicion))
            add(.reversed, block.description)
        case .credited(let customer):
            let lost = deposit.event.amount.subtractingOrZero(available)
            deposit.state = .reversed(.credited(customer, lost: lost))
            movement = .reversal(of: customer, lost: lost)
            add(.reversed, "\(block), \(lost) of \(deposit.event.amount) from overrun")
        case .rejected: tell(.conflict, "left the chain after it was rejected: \(block)")
        case .reversed: break
        }
    }

    /// Gives what is in suspense to a customer.
    ///
    /// - Throws: ``DepositError/depositCreditedToAnother``,
    ///   ``DepositError/depositNotSuspended(_:)``.
    mutating func assign(to customer: CustomerID) throws(DepositError) {
        switch deposit.state {
        case .suspended: give(to: customer, "assigned to \(customer)")
        case .credited(customer): break
        case .credited: throw .depositCreditedToAnother
        case .seen, .reversed, .rejected: throw .depositNotSuspended(deposit.state.stage)
        }
    }

    /// Moves what is in suspense to its owner.
    mutating func give(to customer: CustomerID, _ evidence: String) {
        deposit.state = .credited(customer)
        movement = .assignment(to: customer)
        add(.credited, evidence)
    }

    /// Takes what is in suspense out of it, for good.
    ///
    /// - Throws: ``DepositError/depositNotSuspended(_:)``.
    mutating func reject(_ reason: String) throws(DepositError) {
        let gone: Deposit.Reversal?
        switch deposit.state {
        case .suspended: gone = nil
        case .reversed(let reversal) where reversal != .seen: gone = reversal
        case .rejected: return
        case .seen, .credited, .reversed: throw .depositNotSuspended(deposit.state.stage)
        }
        let reason = ChainText.quoted(reason, longest: DepositStep.longestEvidence)
        movement = .rejection(isOnChain: gone == nil)
        deposit.state = .rejected(reason: reason, gone: gone)
        add(.rejected, reason)
    }
}
