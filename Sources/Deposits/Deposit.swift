package import Primitives

/// Everything the books know of one event that brought money.
///
/// What an event *is* settles when it is final; from then on no observation changes its amount.
/// Its steps are kept beside it.
package struct Deposit: Hashable, Sendable {
    /// Why money waits for an operator.
    ///
    /// The raw values are stored and printed; they are never renamed.
    package enum Suspicion: String, CaseIterable, Hashable, Sendable {
        /// It names a code that is no customer's.
        case unknownCode = "unknown_code"
        /// It names no code, and its sender is bound to nobody or not proven.
        case unknownSender = "unknown_sender"
        /// It was observed with other content.
        case conflict

        /// Whether it is credited once somebody is found who owns it.
        var endsWithAnOwner: Bool {
            switch self {
            case .unknownCode, .unknownSender: true
            case .conflict: false
            }
        }
    }

    /// What a deposit was whose event left the chain, and becomes again when the event returns.
    package enum Reversal: Hashable, Sendable {
        case seen
        case suspended(Suspicion)
        /// The customer gave back what was available; the operator bears the rest, `lost`.
        case credited(CustomerID, lost: Amount)
    }

    /// Where the money is.
    package enum State: Hashable, Sendable {
        /// Not in the books: the chain may still take it back.
        case seen
        /// With a customer.
        case credited(CustomerID)
        /// In suspense, for an operator to assign or reject.
        case suspended(Suspicion)
        /// The event is not on the chain: in suspense, or nowhere if it never was in the books.
        case reversed(Reversal)
        /// Out of suspense, because an operator refused it; `gone` says what it was if the event
        /// had left the chain. Nothing follows.
        case rejected(reason: String, gone: Reversal?)
    }

    package let id: DepositID
    package internal(set) var event: DepositEvent
    /// Where the event stands on its chain; `nil` while it does not.
    package internal(set) var block: BlockReference?
    package internal(set) var state: State
    /// Whether it was ever observed with other content.
    package internal(set) var isDisputed: Bool
    /// How many steps it has.
    package internal(set) var stepCount: Int
    package let seenAt: Timestamp
    package internal(set) var changedAt: Timestamp

    /// A deposit as it was stored.
    package init(
        id: DepositID,
        event: DepositEvent,
        block: BlockReference?,
        state: State,
        isDisputed: Bool,
        stepCount: Int,
        seenAt: Timestamp,
        changedAt: Timestamp,
    ) {
        self.id = id
        self.event = event
        self.block = block
        self.state = state
        self.isDisputed = isDisputed
        self.stepCount = stepCount
        self.seenAt = seenAt
        self.changedAt = changedAt
    }
}

/// The state of a deposit in one word.
///
/// The raw values are stored and printed; they are never renamed.
package enum DepositStage: String, CaseIterable, Hashable, Sendable {
    case seen, credited, suspended, reversed, rejected
}

extension Deposit.State {
    package var stage: DepositStage {
        switch self {
        case .seen: .seen
        case .credited: .credited
        case .suspended: .suspended
        case .reversed: .reversed
        case .rejected: .rejected
        }
    }
}
