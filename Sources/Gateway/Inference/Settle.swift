import Forwarding
import Ledger
package import Metering
import Pricing
package import Primitives
import Providers
package import Receipts

/// The last money-moving step of an inference.
///
/// Capture, the transfers of cost and margin, and the receipt are one transaction, on the disk when
/// this returns.
package struct Settle<Storage: GatewayStore>: Sendable {
    private let store: Storage
    private let settings: GatewaySettings
    private let time: TimeSource

    package init(store: Storage, settings: GatewaySettings, time: TimeSource) {
        self.store = store
        self.settings = settings
        self.time = time
    }

    /// Charges what the meter read, at most the hold, and returns the rest.
    ///
    /// - Throws: ``LedgerError/holdAlreadyResolved(_:)`` if the lease ran out meanwhile,
    ///   ``StoreError``; nothing is written.
    package func capture(
        _ inference: HeldInference,
        _ reading: UsageReading,
        answeredModel: String?,
        outcome: Receipt.Outcome,
    ) async throws -> Receipt {
        let now = time.now()
        let solRate = settings.solRates.rate(at: now)
        let request = ReceiptRequest(
            requestedModel: inference.request.model,
            answeredModel: answeredModel,
            upstream: inference.upstream.name,
        )
        return try await store.write(.durable) { transaction in
            // As it stands now: a long stream has extended it.
            guard let open = try transaction.hold(inference.id) else {
                throw LedgerError.holdNotFound(inference.id)
            }
            let charge = Charge(of: reading.usage, at: inference.rate, hold: open.amount)
            let settlement = Settlement(
                price: charge.price,
                cost: charge.cost,
                provider: inference.upstream.name,
            )
            let hold = try transaction.captureHold(inference.id, settlement, at: now)
            let funds = try transaction.funds(of: hold.customer, solRate: solRate)
            let receipt = Receipt(
                hold: hold,
                charge: charge,
                reading: reading,
                request: request,
                outcome: outcome,
                balanceAfter: funds.dollars,
                settledAt: now,
            )
            try transaction.append(receipt)
            return receipt
        }
    }

    /// Returns the whole hold.
    ///
    /// - Throws: ``LedgerError/holdAlreadyResolved(_:)`` if the lease ran out meanwhile,
    ///   ``StoreError``; nothing is written.
    /// - Returns: what is available over all dollar assets now, in micro-USD.
    package func release(_ inference: HeldInference) async throws -> Amount {
        let now = time.now()
        let solRate = settings.solRates.rate(at: now)
        return try await store.write(.durable) { transaction in
            let hold = try transaction.releaseHold(inference.id, at: now)
            return try transaction.funds(of: hold.customer, solRate: solRate).dollars
        }
    }
}
