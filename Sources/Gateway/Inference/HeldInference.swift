package import Forwarding
package import Identity
package import Ledger
package import Pricing
package import Primitives
package import Providers
package import RateLimits

/// An inference whose money is reserved: everything that its end needs to know.
///
/// It never changes, and it is a class because every step of an open stream keeps it: as a value it
/// was a kilobyte in each of them.
package final class HeldInference: Sendable {
    package let request: InferenceRequest
    package let key: Key
    package let rate: Rate
    package let upstream: Upstream
    package let demand: Demand
    package let placed: PlacedHold
    /// Counts the inference against its key's pace while it runs.
    package let admission: Admission?

    package var id: InferenceID { placed.hold.id }

    package init(
        request: InferenceRequest,
        key: Key,
        rate: Rate,
        upstream: Upstream,
        demand: Demand,
        placed: PlacedHold,
        admission: Admission? = nil,
    ) {
        self.request = request
        self.key = key
        self.rate = rate
        self.upstream = upstream
        self.demand = demand
        self.placed = placed
        self.admission = admission
    }
}

/// What placing a hold came to.
package struct PlacedHold: Sendable {
    /// The hold as it was placed; a running stream may have extended it since.
    package let hold: Hold
    /// The most that the inference can cost, in micro-USD; an adaptive hold may be less.
    package let ceiling: Amount
    /// The output limit that goes upstream, per choice.
    package let outputLimit: Int64
    /// Whether that is less than the request would have had.
    package let isLowered: Bool
    /// What was available over all dollar assets once the hold stood, in micro-USD.
    package let balance: Amount
}
