package import Forwarding
package import Identity
package import Ledger
package import Pricing
package import Primitives
package import Providers

/// An inference whose money is reserved: everything that its end needs to know.
package struct HeldInference: Sendable {
    package let request: InferenceRequest
    package let key: Key
    package let rate: Rate
    package let upstream: Upstream
    package let demand: Demand
    package let hold: Hold
    /// The output limit that goes upstream, per choice.
    package let outputLimit: Int64
    /// Whether that is less than the request would have had.
    package let isLowered: Bool
    /// What was available over all dollar assets once the hold stood, in micro-USD.
    package let balanceAfterHold: Amount

    package var id: InferenceID { hold.id }

    package init(
        request: InferenceRequest,
        key: Key,
        rate: Rate,
        upstream: Upstream,
        demand: Demand,
        placed: PlacedHold,
    ) {
        self.request = request
        self.key = key
        self.rate = rate
        self.upstream = upstream
        self.demand = demand
        hold = placed.hold
        outputLimit = placed.outputLimit
        isLowered = placed.isLowered
        balanceAfterHold = placed.balance
    }
}

/// What placing a hold came to.
package struct PlacedHold: Sendable {
    package let hold: Hold
    package let outputLimit: Int64
    package let isLowered: Bool
    package let balance: Amount
}
