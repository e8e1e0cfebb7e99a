package import Ledger
package import Metering
package import Pricing
package import Primitives

/// The plain record of one settled inference.
package struct Receipt: Hashable, Sendable {
    /// How the answer ended.
    package enum Outcome: String, Hashable, Sendable {
        /// The agent was sent the whole answer.
        case completed
        /// The upstream broke off; the agent was told.
        case interrupted
        /// The agent left.
        case disconnected
        /// The answer was ended at the output limit because the upstream ignored it.
        case cut
    }

    /// The inference's id, which is also the receipt's.
    package let id: InferenceID
    package let customer: CustomerID
    package let key: KeyID
    /// The model as the request named it.
    package let requestedModel: String
    /// The canonical id of the rate that was charged.
    package let model: String
    /// The model as the upstream named it in its answer; `nil` where it named none.
    package let answeredModel: String?
    package let upstream: String
    package let rateCard: String
    package let reading: UsageReading
    package let outcome: Outcome
    /// What was reserved, in micro-USD.
    package let hold: Amount
    /// What was charged, in micro-USD: the price of the usage, at most the hold.
    package let charge: Amount
    /// What the usage cost us, in micro-USD.
    package let cost: Amount
    /// What the price exceeded the hold by, in micro-USD; the operator bears it.
    package let overrun: Amount
    /// What was available over all dollar assets after the charge, in micro-USD.
    package let balanceAfter: Amount
    package let startedAt: Timestamp
    package let settledAt: Timestamp

    /// A receipt as it was stored.
    package init(
        id: InferenceID,
        customer: CustomerID,
        key: KeyID,
        requestedModel: String,
        model: String,
        answeredModel: String?,
        upstream: String,
        rateCard: String,
        reading: UsageReading,
        outcome: Outcome,
        hold: Amount,
        charge: Amount,
        cost: Amount,
        overrun: Amount,
        balanceAfter: Amount,
        startedAt: Timestamp,
        settledAt: Timestamp,
    ) {
        self.id = id
        self.customer = customer
        self.key = key
        self.requestedModel = requestedModel
        self.model = model
        self.answeredModel = answeredModel
        self.upstream = upstream
        self.rateCard = rateCard
        self.reading = reading
        self.outcome = outcome
        self.hold = hold
        self.charge = charge
        self.cost = cost
        self.overrun = overrun
        self.balanceAfter = balanceAfter
        self.startedAt = startedAt
        self.settledAt = settledAt
    }

    package init(
        hold: Hold,
        charge: Charge,
        reading: UsageReading,
        request: ReceiptRequest,
        outcome: Outcome,
        balanceAfter: Amount,
        settledAt: Timestamp,
    ) {
        id = hold.id
        customer = hold.customer
        key = hold.key
        requestedModel = request.requestedModel
        model = hold.subject
        answeredModel = request.answeredModel
        upstream = request.upstream
        rateCard = hold.rateCard
        self.reading = reading
        self.outcome = outcome
        self.hold = hold.amount
        self.charge = charge.charge
        cost = charge.cost
        overrun = charge.overrun
        self.balanceAfter = balanceAfter
        startedAt = hold.placedAt
        self.settledAt = settledAt
    }
}

/// What the gateway knows of a request beyond its hold.
package struct ReceiptRequest: Hashable, Sendable {
    package let requestedModel: String
    package var answeredModel: String?
    package let upstream: String

    package init(requestedModel: String, answeredModel: String? = nil, upstream: String) {
        self.requestedModel = requestedModel
        self.answeredModel = answeredModel
        self.upstream = upstream
    }
}

/// What a usage comes to under a hold.
///
/// Micro-USD.
package struct Charge: Hashable, Sendable {
    /// The price of the whole usage.
    package let price: Amount
    package let cost: Amount
    /// What the customer pays: the price, at most the hold.
    package let charge: Amount
    package let overrun: Amount

    /// Prices a usage: `min(price, hold)` is charged.
    package init(of usage: Usage, at rate: Rate, hold: Amount) {
        price = rate.price(of: usage)
        cost = rate.cost(of: usage)
        charge = min(price, hold)
        overrun = price.subtractingOrZero(hold)
    }
}
