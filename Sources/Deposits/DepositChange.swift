import Primitives

/// What becomes of a deposit when something is observed or decided: its new state, the steps that
/// lead there, and how its money moves.
///
/// The rules alone, without a store; whoever performs a change writes all of it or nothing.
struct DepositChange {
    private(set) var deposit: Deposit
    /// The steps that are new.
    private(set) var steps: [DepositStep] = []
    private(set) var movement: DepositMovement?
    private let before: Deposit?
    private let now: Timestamp
    private let actor: DepositStep.Actor

    /// After so many steps, what moves no money leaves none: whoever tells stories about a deposit
    /// can not fill the disk with them.
    static let mostTales = 50

    init(_ deposit: Deposit, by actor: DepositStep.Actor, at now: Timestamp) {
        self.deposit = deposit
        before = deposit
        self.actor = actor
        self.now = now
    }

    /// A deposit of which nothing is known but this observation.
    init(first observed: ObservedDeposit, by actor: DepositStep.Actor, at now: Timestamp) {
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

    private mutating func add(_ kind: DepositStep.Kind, _ evidence: String) {
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

    private mutating func tell(_ kind: DepositStep.Kind, _ evidence: String) {
        if deposit.stepCount < DepositChange.mostTales { add(kind, evidence) }
    }
}

extension DepositChange {
    // MARK: What was observed

    /// Takes an observation.
    ///
    /// `owner` is whose the deposit is by all that is known of it now; `earlier` are its steps.
    mutating func observe(
        _ observed: ObservedDeposit,
        owner: DepositOwner,
        earlier: [DepositStep] = [],
    ) {
        if deposit.isContradicted(by: observed) {
            dispute(observed, earlier)
        } else {
            agree(observed, owner)
        }
    }

    private mutating func agree(_ observed: ObservedDeposit, _ owner: DepositOwner) {
        switch deposit.state {
        case .seen, .reversed(.seen):
            deposit.event = deposit.event(with: observed)
            if observed.isFinal { arrive(observed, owner) } else { see(observed) }
        case .suspended(let suspicion):
            guard observed.isFinal else { return }
            deposit.event = deposit.event(with: observed)
            confirm(observed)
            find(owner, suspicion, observed)
        case .credited:
            if observed.isFinal { confirm(observed) }
        case .reversed(.suspended(let suspicion)):
            guard observed.isFinal else { return }
            deposit.event = deposit.event(with: observed)
            confirm(observed)
            deposit.state = .suspended(suspicion)
            add(.restored, "in suspense")
            find(owner, suspicion, observed)
        case .reversed(.credited(let customer, let lost)):
            guard observed.isFinal else { return }
            confirm(observed)
            deposit.state = .credited(customer)
            movement = .restoration(of: customer, lost: lost)
            add(.restored, "to \(customer), \(lost) to overrun")
        case .rejected:
            guard observed.isFinal, deposit.block == nil else { return }
            deposit.block = observed.block
            tell(.conflict, "returned after it was rejected: \(observed.block)")
        }
    }

    /// The event stands in a block that may yet be taken back.
    private mutating func see(_ observed: ObservedDeposit) {
        deposit.state = .seen
        guard deposit.block != observed.block else { return }
        deposit.block = observed.block
        tell(.seen, observed.block.description)
    }

    /// The event stands in a final block.
    private mutating func confirm(_ observed: ObservedDeposit) {
        guard deposit.block != observed.block else { return }
        deposit.block = observed.block
        tell(.confirmed, observed.block.description)
    }

    /// What waited for its owner goes to it, or waits for another reason by now.
    private mutating func find(
        _ owner: DepositOwner,
        _ suspicion: Deposit.Suspicion,
        _ observed: ObservedDeposit,
    ) {
        guard suspicion.endsWithAnOwner else { return }
        switch owner {
        case .customer(let customer): give(to: customer, "to \(customer), \(observed.block)")
        case .nobody(suspicion): break
        case .nobody(let other):
            deposit.state = .suspended(other)
            tell(.suspended, other.rawValue)
        }
    }

    /// The money enters the books, once.
    private mutating func arrive(_ observed: ObservedDeposit, _ owner: DepositOwner) {
        deposit.block = observed.block
        add(.confirmed, observed.block.description)
        switch deposit.isDisputed ? .nobody(.conflict) : owner {
        case .customer(let customer):
            deposit.state = .credited(customer)
            movement = .arrival(of: customer)
            add(.credited, "to \(customer)")
        case .nobody(let suspicion):
            deposit.state = .suspended(suspicion)
            movement = .arrival(of: nil)
            add(.suspended, suspicion.rawValue)
        }
    }

    /// Takes note of an observation that cannot be true beside what is known; no amount changes.
    private mutating func dispute(_ observed: ObservedDeposit, _ earlier: [DepositStep]) {
        deposit.isDisputed = true
        let tale = ChainText.quoted(
            "\(observed.event), \(observed.block)",
            longest: DepositStep.longestEvidence,
        )
        if !earlier.contains(where: { $0.kind == .conflict && $0.evidence == tale }) {
            tell(.conflict, tale)
        }
        switch deposit.state {
        case .seen:
            // What is final is what happened; but somebody was told otherwise, so nobody is credited.
            guard observed.isFinal else { return }
            deposit.event = observed.event
            arrive(observed, .nobody(.conflict))
        case .suspended: deposit.state = .suspended(.conflict)
        case .reversed(.suspended): deposit.state = .reversed(.suspended(.conflict))
        case .credited, .reversed(.credited), .rejected: break
        case .reversed(.seen): preconditionFailure("what is gone is not contradicted")
        }
    }

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

    // MARK: What an operator decided

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

    private mutating func give(to customer: CustomerID, _ evidence: String) {
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

/// Whose a deposit is.
enum DepositOwner: Hashable {
    case customer(CustomerID)
    case nobody(Deposit.Suspicion)
}

extension Deposit {
    /// Whether an observation cannot be true beside what is known.
    ///
    /// An event that left the chain before it was final is forgotten: another may take its place.
    func isContradicted(by observed: ObservedDeposit) -> Bool {
        state == .reversed(.seen) ? false : event.contradicts(observed.event)
    }

    /// What is known of the event with one more observation that agrees.
    func event(with observed: ObservedDeposit) -> DepositEvent {
        state == .reversed(.seen) ? observed.event : event.completed(by: observed.event)
    }
}
