package import Primitives

/// A reservation of a customer's money for one inference: placed, then captured, released or
/// expired, exactly once.
package struct Hold: Hashable, Sendable {
    /// One asset's share of a hold.
    package struct Part: Hashable, Sendable, Codable {
        package let asset: Asset
        package let amount: Amount

        package init(asset: Asset, amount: Amount) {
            self.asset = asset
            self.amount = amount
        }
    }

    /// Where a hold stands in its life.
    package enum State: Hashable, Sendable {
        case open
        /// Ended with a charge of so many micro-USD; the rest returned.
        case captured(Amount)
        /// Ended without a charge.
        case released
        /// Ended without a charge because its lease ran out: its gateway died.
        case expired
    }

    package let id: InferenceID
    package let customer: CustomerID
    package let key: KeyID
    /// What is reserved, in micro-USD: no charge exceeds it.
    package var amount: Amount
    /// The same in the assets it was taken from, in the order in which a capture takes them.
    package var parts: [Part]
    /// What SOL was worth when the hold was placed; `nil` where no part is in SOL.
    package let solRate: SOLRate?
    /// The rate card version whose prices the charge will be computed from.
    package let rateCard: String
    /// What the money is for: the priced model's id.
    package let subject: String
    package let placedAt: Timestamp
    /// Until when the hold stands without being renewed.
    package var lease: Timestamp
    package var state: State
    package var resolvedAt: Timestamp?
    /// How much of the charge was given back, in micro-USD; `nil` where none was.
    package var refunded: Amount?

    /// What was charged, in micro-USD; nothing where it ended otherwise.
    package var charge: Amount {
        if case .captured(let charge) = state { charge } else { .zero }
    }

    /// What was charged in lamports; `nil` where it was taken in dollars.
    package var chargedLamports: Amount? {
        parts.first { $0.asset == .sol }.map { min(lamports(of: charge), $0.amount) }
    }

    package init(
        id: InferenceID,
        customer: CustomerID,
        key: KeyID,
        amount: Amount,
        parts: [Part],
        solRate: SOLRate?,
        rateCard: String,
        subject: String,
        placedAt: Timestamp,
        lease: Timestamp,
        state: State = .open,
        resolvedAt: Timestamp? = nil,
        refunded: Amount? = nil,
    ) {
        self.id = id
        self.customer = customer
        self.key = key
        self.amount = amount
        self.parts = parts
        self.solRate = solRate
        self.rateCard = rateCard
        self.subject = subject
        self.placedAt = placedAt
        self.lease = lease
        self.state = state
        self.resolvedAt = resolvedAt
        self.refunded = refunded
    }
}
