import Identity
import Ledger
import Primitives

/// A key as its customer and operators see it, in OpenRouter's words where it has them.
///
/// Money is in US dollars, exactly.
package struct KeyAnswer: Codable, Sendable {
    /// What names the key in routes and commands: its public half.
    package let hash: String
    package let customer: String
    /// The same as `hash`; it tells the key apart from others.
    package let label: String
    package let name: String
    package let disabled: Bool
    /// The budget of the window that `limitReset` names.
    @OrNull package private(set) var limit: Dollars?
    @OrNull package private(set) var limitReset: String?
    /// What the tightest of its budgets leaves, less what open holds reserve.
    @OrNull package private(set) var limitRemaining: Dollars?
    /// Every budget, by window.
    package let limits: [String: Dollars]
    package let usage: Dollars
    package let usageDaily: Dollars
    package let usageWeekly: Dollars
    package let usageMonthly: Dollars
    @OrNull package private(set) var models: [String]?
    @OrNull package private(set) var requestsPerMinute: Int?
    @OrNull package private(set) var tokensPerMinute: Int?
    @OrNull package private(set) var maxConcurrency: Int?
    package let refuseLowering: Bool
    package let onDisconnect: String
    package let managesKeys: Bool
    package let createdAt: String
    @OrNull package private(set) var updatedAt: String?
    @OrNull package private(set) var expiresAt: String?
    @OrNull package private(set) var revokedAt: String?

    init(
        _ key: Key,
        usage: [BudgetWindow: Amount],
        remaining: Amount?,
    ) {
        let settings = key.settings
        let window = settings.budgets.spokenOf
        hash = key.id.description
        customer = key.customer.description
        label = key.id.description
        name = settings.label
        disabled = settings.isDisabled
        let limit = settings.budgets[window].map { Dollars($0) }
        self.limit = limit
        limitReset = window == .total || limit == nil ? nil : window.rawValue
        limitRemaining = remaining.map { Dollars($0) }
        limits = settings.budgets.dollars
        self.usage = Dollars(usage[.total] ?? .zero)
        usageDaily = Dollars(usage[.daily] ?? .zero)
        usageWeekly = Dollars(usage[.weekly] ?? .zero)
        usageMonthly = Dollars(usage[.monthly] ?? .zero)
        models = settings.models
        requestsPerMinute = settings.rates.requestsPerMinute
        tokensPerMinute = settings.rates.tokensPerMinute
        maxConcurrency = settings.rates.concurrency
        refuseLowering = settings.refusesLowering
        onDisconnect = settings.onDisconnect.rawValue
        managesKeys = settings.managesKeys
        createdAt = key.createdAt.iso8601
        updatedAt = key.updatedAt?.iso8601
        expiresAt = settings.expiresAt?.iso8601
        revokedAt = key.revokedAt?.iso8601
    }
}

/// A key that was made or replaced.
package struct NewKeyAnswer: Codable, Sendable {
    package let data: KeyAnswer
    /// The whole secret, shown once, to whoever made it.
    package let key: String
}

/// One key.
package struct OneKeyAnswer: Codable, Sendable {
    package let data: KeyAnswer
}

/// A list of keys.
package struct KeyListAnswer: Codable, Sendable {
    package let data: [KeyAnswer]
}

extension LedgerTransaction {
    /// The key with what it has spent, and may still spend, at `now`.
    mutating func describe(_ key: Key, at now: Timestamp) throws -> KeyAnswer {
        var usage: [BudgetWindow: Amount] = [:]
        for window in BudgetWindow.allCases {
            usage[window] = try spent(by: .key(key.id, of: key.customer), in: window, at: now)
        }
        var remaining: Amount?
        for budget in key.budgets {
            let left = try self.remaining(of: budget, at: now)
            remaining = min(remaining ?? left, left)
        }
        return KeyAnswer(key, usage: usage, remaining: remaining)
    }
}
