import Primitives

extension DepositChange {
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
