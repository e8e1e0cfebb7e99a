package import Identity
import Ledger
package import Pricing
package import Primitives

/// The hold stage: fits the quote into what the customer can spend and reserves it, in one
/// transaction.
package struct PlaceHold<Storage: GatewayStore>: Sendable {
    private let store: Storage
    private let settings: GatewaySettings

    package init(store: Storage, settings: GatewaySettings) {
        self.store = store
        self.settings = settings
    }

    /// Places the hold; it is committed and visible when this returns.
    ///
    /// - Throws: ``GatewayError/insufficientFunds(needed:available:affordableOutput:depositCode:)``,
    ///   ``IdentityError/invalidCredential`` if the key was revoked meanwhile, ``StoreError``;
    ///   nothing is written.
    package func callAsFunction(
        _ id: InferenceID,
        _ quote: Quote,
        key: Key,
        rateCard: String,
        at now: Timestamp,
    ) async throws -> PlacedHold {
        var policy = settings.holds
        if key.refusesLowering { policy.mayLower = false }
        let (fitting, solRate) = (policy, settings.solRate)
        let lease = now.advanced(by: settings.lease)
        return try await store.write(.visible) { transaction in
            guard try transaction.key(key.id)?.revokedAt == nil else {
                throw IdentityError.invalidCredential
            }
            let funds = try transaction.funds(of: key.customer, solRate: solRate)
            switch quote.fit(available: funds.spendable, policy: fitting) {
            case .hold(let amount, let outputLimit, let isLowered):
                let request = HoldRequest(
                    id: id,
                    customer: key.customer,
                    key: key.id,
                    amount: amount,
                    rateCard: rateCard,
                    subject: quote.rate.model,
                    placedAt: now,
                    lease: lease,
                )
                let hold = try transaction.placeHold(request, solRate: solRate)
                return PlacedHold(
                    hold: hold,
                    outputLimit: outputLimit,
                    isLowered: isLowered,
                    balance: try transaction.funds(of: key.customer, solRate: solRate).dollars,
                )
            case .refused(let needed, let available, let affordable):
                throw GatewayError.insufficientFunds(
                    needed: needed,
                    available: available,
                    affordableOutput: affordable,
                    depositCode: try transaction.customer(key.customer)?.depositCode ?? "",
                )
            }
        }
    }
}
