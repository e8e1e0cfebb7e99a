import Foundation
package import Identity
import Ledger
import Primitives

/// What a caller asks of a key's settings, in OpenRouter's words where it has them.
///
/// What is not named stays as it is; `null` takes a limit away.
package struct KeyChange: Codable, Sendable {
    package var name: Patch<String> = .keep
    package var disabled: Patch<Bool> = .keep
    /// The budget of the window that `limitReset` names; it replaces every other.
    package var limit: Patch<Dollars> = .keep
    /// `daily`, `weekly` or `monthly`; `null` for a limit over all time.
    package var limitReset: Patch<String> = .keep
    /// Budgets by window; those not named stay as they are.
    package var limits: [String: Dollars?]?
    /// ISO 8601 with an offset.
    package var expiresAt: Patch<String> = .keep
    package var models: Patch<[String]> = .keep
    package var requestsPerMinute: Patch<Int> = .keep
    package var tokensPerMinute: Patch<Int> = .keep
    package var maxConcurrency: Patch<Int> = .keep
    package var refuseLowering: Patch<Bool> = .keep
    /// `drain` or `cancel`.
    package var onDisconnect: Patch<String> = .keep
    /// Whether the key may manage keys; only an operator may say so.
    package var managesKeys: Patch<Bool> = .keep

    package init() {}

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name, disabled, limit, limits, models
        case limitReset = "limit_reset"
        case expiresAt = "expires_at"
        case requestsPerMinute = "requests_per_minute"
        case tokensPerMinute = "tokens_per_minute"
        case maxConcurrency = "max_concurrency"
        case refuseLowering = "refuse_lowering"
        case onDisconnect = "on_disconnect"
        case managesKeys = "manages_keys"
        /// OpenRouter's; there are no foreign keys here whose use could count.
        case includeByokInLimit = "include_byok_in_limit"
    }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        name = try fields.patch(.name)
        disabled = try fields.patch(.disabled)
        limit = try fields.patch(.limit)
        limitReset = try fields.patch(.limitReset)
        limits = try fields.limits(.limits)
        expiresAt = try fields.patch(.expiresAt)
        models = try fields.patch(.models)
        requestsPerMinute = try fields.patch(.requestsPerMinute)
        tokensPerMinute = try fields.patch(.tokensPerMinute)
        maxConcurrency = try fields.patch(.maxConcurrency)
        refuseLowering = try fields.patch(.refuseLowering)
        onDisconnect = try fields.patch(.onDisconnect)
        managesKeys = try fields.patch(.managesKeys)
        try decoder.refuseUnknown(CodingKeys.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(name, .name)
        try fields.encode(disabled, .disabled)
        try fields.encode(limit, .limit)
        try fields.encode(limitReset, .limitReset)
        try fields.encodeIfPresent(limits, forKey: .limits)
        try fields.encode(expiresAt, .expiresAt)
        try fields.encode(models, .models)
        try fields.encode(requestsPerMinute, .requestsPerMinute)
        try fields.encode(tokensPerMinute, .tokensPerMinute)
        try fields.encode(maxConcurrency, .maxConcurrency)
        try fields.encode(refuseLowering, .refuseLowering)
        try fields.encode(onDisconnect, .onDisconnect)
        try fields.encode(managesKeys, .managesKeys)
    }
}

extension KeyChange {
    /// The change as a function of the settings, once every field has been checked.
    ///
    /// - Parameter isOperator: whether the caller may say who manages keys, and that an answer whose
    ///   agent left is not read on for its usage: reasoning that is not shown would be free.
    /// - Throws: ``GatewayError/invalidParameter(_:)``.
    /// - Returns: what changes the settings.
    package func checked(
        isOperator: Bool
    ) throws(GatewayError) -> @Sendable (inout KeySettings) -> Void {
        guard managesKeys == .keep || isOperator else { throw .invalidParameter("manages_keys") }
        guard onDisconnect == .keep || isOperator else { throw .invalidParameter("on_disconnect") }
        // Each says what the budgets are to be.
        guard limits == nil || limit == .keep && limitReset == .keep else {
            throw .invalidParameter("one of limit and limits")
        }
        if case .set(let name) = name, name.utf8.count > 255 { throw .invalidParameter("name") }
        if case .set(let models) = models, models.contains(where: \.isEmpty) || models.count > 1000
        {
            throw .invalidParameter("models")
        }
        let reset = try limitReset.map { text throws(GatewayError) in
            guard let window = BudgetWindow(rawValue: text), window != .total else {
                throw .invalidParameter("limit_reset")
            }
            return window
        }
        let expiresAt = try expiresAt.map { text throws(GatewayError) in
            guard let moment = Timestamp(iso8601: text) else {
                throw .invalidParameter("expires_at")
            }
            return moment
        }
        let policy = try onDisconnect.map { text throws(GatewayError) in
            guard let policy = DisconnectPolicy(rawValue: text) else {
                throw .invalidParameter("on_disconnect")
            }
            return policy
        }
        let budgets = try BudgetWindow.limits(limits ?? [:])
        try checkCounts()
        return { [self] settings in
            name.apply(to: &settings.label, clearedTo: "")
            disabled.apply(to: &settings.isDisabled, clearedTo: false)
            settings.budgets.change(limit, reset)
            for (window, limit) in budgets { settings.budgets[window] = limit }
            expiresAt.apply(to: &settings.expiresAt)
            models.apply(to: &settings.models)
            requestsPerMinute.apply(to: &settings.rates.requestsPerMinute)
            tokensPerMinute.apply(to: &settings.rates.tokensPerMinute)
            maxConcurrency.apply(to: &settings.rates.concurrency)
            refuseLowering.apply(to: &settings.refusesLowering, clearedTo: false)
            policy.apply(to: &settings.onDisconnect, clearedTo: .drain)
            managesKeys.apply(to: &settings.managesKeys, clearedTo: false)
        }
    }

    private func checkCounts() throws(GatewayError) {
        let counts = [
            ("requests_per_minute", requestsPerMinute), ("tokens_per_minute", tokensPerMinute),
            ("max_concurrency", maxConcurrency),
        ]
        for (name, patch) in counts {
            guard case .set(let count) = patch else { continue }
            guard (1...1_000_000_000).contains(count) else { throw .invalidParameter(name) }
        }
    }
}

extension SpendingLimits {
    /// The window of the only budget there is; `nil` where there are several, or none.
    private var onlyWindow: BudgetWindow? {
        let set = BudgetWindow.allCases.filter { self[$0] != nil }
        return set.count == 1 ? set[0] : nil
    }

    /// The window whose budget `limit` speaks of: the only one there is, or the one over all time.
    var spokenOf: BudgetWindow { onlyWindow ?? .total }

    /// Changes the one budget that OpenRouter's keys have.
    fileprivate mutating func change(_ limit: Patch<Dollars>, _ reset: Patch<BudgetWindow>) {
        if limit == .keep, reset == .keep { return }
        // A window alone moves the only budget there is; of several it can mean none.
        if limit == .keep, onlyWindow == nil { return }
        let old = spokenOf
        let window =
            switch reset {
            case .keep: old
            case .clear: BudgetWindow.total
            case .set(let window): window
            }
        let amount: Amount? =
            switch limit {
            case .keep: self[old]
            case .clear: nil
            case .set(let dollars): dollars.amount
            }
        self = SpendingLimits()
        self[window] = amount
    }
}
