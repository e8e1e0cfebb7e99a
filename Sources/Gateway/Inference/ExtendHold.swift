import Identity
import Ledger
import Metering
import Pricing
package import Primitives

/// Lets the hold of a running stream reserve more, in steps, as money comes free that was not
/// available when it was placed.
package struct ExtendHold<Storage: GatewayStore>: Sendable {
    private let store: Storage
    private let time: TimeSource

    package init(store: Storage, time: TimeSource) {
        self.store = store
        self.time = time
    }

    /// Reserves up to `target` micro-USD for an inference, as far as the balance and every limit
    /// above it reach.
    ///
    /// - Throws: ``LedgerError/holdAlreadyResolved(_:)`` if the lease ran out meanwhile,
    ///   ``StoreError``; nothing is written.
    /// - Returns: what is reserved now.
    package func callAsFunction(
        _ inference: InferenceID,
        of key: KeyID,
        to target: Amount,
    ) async throws -> Amount {
        let now = time.now()
        return try await store.write(.visible) { transaction in
            let budgets = try transaction.key(key).map { try transaction.budgets(above: $0) } ?? []
            return try transaction.extendHold(inference, to: target, within: budgets, at: now)
                .amount
        }
    }
}

/// How far the hold of one running stream covers what passes, and what is left to ask for.
struct HoldCoverage {
    /// What is reserved, in micro-USD.
    private(set) var amount: Amount
    /// The most that the inference can cost, in micro-USD: no more is ever asked for.
    private let ceiling: Amount
    /// How many tokens of output one step covers.
    private let step: Int64
    /// The output beyond which the next step is asked for.
    private var nextStep: Int64 = 0

    init(_ placed: PlacedHold, step: Int64) {
        amount = placed.hold.amount
        ceiling = placed.ceiling
        self.step = step
    }

    /// How much should be reserved before more passes; `nil` where the hold covers what passed and
    /// another step, or where no more can be had.
    mutating func target(_ meter: UsageMeter, at rate: Rate) -> Amount? {
        guard amount < ceiling, meter.estimatedOutput >= nextStep else { return nil }
        let wanted = min(rate.price(of: meter.running(ahead: step)), ceiling)
        guard wanted > amount else { return nil }
        nextStep = meter.estimatedOutput + step / 2
        return wanted
    }

    mutating func reserved(_ amount: Amount) { self.amount = amount }

    /// Whether more has passed for certain than the hold covers.
    func isExceeded(by meter: UsageMeter, at rate: Rate) -> Bool {
        rate.price(of: meter.certain) > amount
    }
}
