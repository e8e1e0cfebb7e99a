import Deposits
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
    /// - Throws: ``GatewayError/insufficientFunds(_:_:)``,
    ///   ``GatewayError/limitReached(_:_:resetsAt:)``, ``IdentityError/invalidCredential`` if the
    ///   key was revoked or rotated meanwhile, ``StoreError``; nothing is written.
    package func callAsFunction(
        _ id: InferenceID,
        _ quote: Quote,
        key presented: Key,
        rateCard: String,
        at now: Timestamp,
    ) async throws -> PlacedHold {
        let (settings, lease) = (settings, now.advanced(by: settings.lease))
        let solRate = settings.solRates.rate(at: now)
        return try await store.write(.visible) { transaction in
            // As it is now: a limit that was lowered holds from the next hold on.
            guard let key = try transaction.key(presented.id), key.isValid(at: now),
                key.digest == presented.digest
            else {
                throw IdentityError.invalidCredential
            }
            let budgets = try transaction.budgets(above: key)
            var policy = settings.holds
            if key.settings.refusesLowering { policy.mayLower = false }
            let headroom = try transaction.headroom(
                of: key.customer,
                solRate: solRate,
                within: budgets,
                at: now,
            )
            // Where a limit is less than the balance, nothing is held that does not cover the worst:
            // what exceeds it would be the operator's, with money on the balance.
            if headroom.bound != nil { policy.mode = .strict }
            switch quote.fit(available: headroom.amount, policy: policy) {
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
                    budgets: budgets,
                )
                let hold = try transaction.placeHold(request, solRate: solRate)
                return PlacedHold(
                    hold: hold,
                    ceiling: quote.ceiling(output: outputLimit),
                    outputLimit: outputLimit,
                    isLowered: isLowered,
                    balance: try transaction.funds(of: key.customer, solRate: solRate)
                        .dollars,
                )
            case .refused(let needed, let available, let affordable):
                let shortage = Shortage(
                    needed: needed,
                    available: available,
                    affordableOutput: affordable,
                )
                throw GatewayError.refusing(
                    shortage,
                    try transaction.customer(key.customer),
                    headroom.bound,
                    settings,
                    at: now,
                )
            }
        }
    }
}

extension GatewayError {
    /// The refusal of a request that a budget, or where there is none the balance, does not cover.
    fileprivate static func refusing(
        _ shortage: Shortage,
        _ customer: Customer?,
        _ budget: Budget?,
        _ settings: GatewaySettings,
        at now: Timestamp,
    ) -> GatewayError {
        if let budget {
            return .limitReached(budget, shortage, resetsAt: budget.window.end(at: now))
        }
        let missing = shortage.needed.subtractingOrZero(shortage.available)
        return .insufficientFunds(
            shortage,
            Funding(customer, missing: missing, settings, at: now),
        )
    }
}
