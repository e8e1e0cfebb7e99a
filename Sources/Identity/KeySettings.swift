package import Ledger
package import Primitives

/// What a key may do, and how its inferences are treated.
package struct KeySettings: Hashable, Sendable, Codable {
    /// For people; may be empty.
    package var label = ""
    /// Whether the key spends at all for now.
    package var isDisabled = false
    /// From when on the key is no credential any more; `nil` for never.
    package var expiresAt: Timestamp?
    /// Whether the key may make, change and revoke keys of its customer.
    package var managesKeys = false
    package var budgets = SpendingLimits()
    /// The models that it may use, by any of their names; `nil` allows every model.
    ///
    /// `openai/*` stands for all whose id begins so.
    package var models: [String]?
    package var rates = KeyRates()
    /// Whether a request that the balance does not cover is refused rather than capped.
    package var refusesLowering = false
    package var onDisconnect = DisconnectPolicy.drain

    package init(label: String = "") { self.label = label }
}

/// What happens when the agent leaves while its answer streams.
package enum DisconnectPolicy: String, Hashable, Sendable, CaseIterable, Codable {
    /// Read on for a while, so the provider's own report is charged.
    case drain
    /// Cancel the upstream and charge an estimate.
    case cancel
}

/// The most that a spender may spend, over all time and in each window, in micro-USD; `nil` where there
/// is no limit.
package struct SpendingLimits: Hashable, Sendable, Codable {
    package var total: Amount?
    package var daily: Amount?
    package var weekly: Amount?
    package var monthly: Amount?

    package init() {}

    /// The limits as the ledger checks them.
    package func of(_ spender: Spender) -> [Budget] {
        BudgetWindow.allCases.compactMap { window in
            self[window].map { Budget(of: spender, window, $0) }
        }
    }

    package subscript(window: BudgetWindow) -> Amount? {
        get {
            switch window {
            case .total: total
            case .daily: daily
            case .weekly: weekly
            case .monthly: monthly
            }
        }
        set {
            switch window {
            case .total: total = newValue
            case .daily: daily = newValue
            case .weekly: weekly = newValue
            case .monthly: monthly = newValue
            }
        }
    }
}

/// How fast a key may spend; `nil` where there is no limit.
package struct KeyRates: Hashable, Sendable, Codable {
    package var requestsPerMinute: Int?
    package var tokensPerMinute: Int?
    /// How many inferences may run at a time; a stream runs to its last byte.
    package var concurrency: Int?

    package init() {}
}
