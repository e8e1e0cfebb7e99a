package import Primitives

/// One thing that happened to a deposit; it is kept as it was written.
package struct DepositStep: Hashable, Sendable {
    /// What happened.
    ///
    /// The raw values are stored and printed; they are never renamed.
    package enum Kind: String, CaseIterable, Hashable, Sendable {
        /// The event was seen in a block that the chain may still take back.
        case seen
        /// The event stands in a final block.
        case confirmed
        /// The money went to a customer.
        case credited
        /// The money went to suspense, for an operator to decide.
        case suspended
        /// What was observed does not agree with the record; no money moved.
        case conflict
        /// The event left the chain.
        case reversed
        /// The event came back, and with it the money to where it was.
        case restored
        /// An operator refused the money.
        case rejected

        /// Whether an operator should hear of it at once.
        package var isAlert: Bool {
            switch self {
            case .conflict, .reversed: true
            case .seen, .confirmed, .credited, .suspended, .restored, .rejected: false
            }
        }
    }

    /// 1 for a deposit's first step, then without gaps.
    package let number: Int
    package let kind: Kind
    package let at: Timestamp
    /// What shows it: a block, what was observed, an operator's reason.
    package let evidence: String
    package let by: StepActor

    /// The longest evidence that is kept, in bytes.
    package static let longestEvidence = 400

    package init(number: Int, kind: Kind, at: Timestamp, evidence: String, by: StepActor) {
        self.number = number
        self.kind = kind
        self.at = at
        self.evidence = ChainText.quoted(evidence, longest: DepositStep.longestEvidence)
        self.by = by
    }
}
