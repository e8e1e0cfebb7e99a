import Gateway
import Identity
import Ledger
import NIOCore
import Primitives

/// A change of a key's settings does what its members say, leaves alone what it does not name, and
/// never lets a customer say who manages keys.
enum KeyMessageProperty {
    private static let known: Set<String> = [
        "name", "disabled", "limit", "limit_reset", "limits", "expires_at", "models",
        "requests_per_minute", "tokens_per_minute", "max_concurrency", "refuse_lowering",
        "on_disconnect", "manages_keys", "include_byok_in_limit",
    ]

    static func check(_ bytes: [UInt8]) throws(BrokenProperty) -> Verdict {
        guard let change = try Message.read(KeyChange.self, of: ByteBuffer(bytes: bytes)) else {
            return .refused
        }
        guard let plain = PlainJSON(bytes) else {
            throw BrokenProperty(description: "what is no JSON is accepted")
        }
        try Message.demandKnown(plain, known)
        let verdicts = [
            try check(change, plain, isOperator: false),
            try check(change, plain, isOperator: true),
        ]
        return verdicts.contains(.accepted) ? .accepted : .refused
    }

    /// Settings in which every field differs from what an empty change could leave.
    private static var before: KeySettings {
        var settings = KeySettings(label: "before")
        settings.isDisabled = true
        settings.expiresAt = Timestamp(microseconds: 1_900_000_000_000_000)
        settings.managesKeys = true
        settings.budgets.total = Amount(11)
        settings.budgets.weekly = Amount(13)
        settings.models = ["before/*"]
        settings.rates.requestsPerMinute = 17
        settings.rates.tokensPerMinute = 19
        settings.rates.concurrency = 23
        settings.refusesLowering = true
        settings.onDisconnect = .cancel
        return settings
    }

    private static func check(
        _ change: KeyChange,
        _ plain: PlainJSON,
        isOperator: Bool,
    ) throws(BrokenProperty) -> Verdict {
        let before = before
        var after = before
        do throws(GatewayError) {
            try change.checked(isOperator: isOperator)(&after)
        } catch {
            return .refused
        }
        if !isOperator {
            try demand(plain.member("manages_keys") == nil, "a customer says who manages keys")
        }
        try checkFields(plain, before, after)
        try checkCounts(plain, before, after)
        try checkBudgets(plain, before, after)
        try Message.demandSameAfterStore(after)
        return .accepted
    }

    private static func checkFields(
        _ plain: PlainJSON,
        _ before: KeySettings,
        _ after: KeySettings,
    ) throws(BrokenProperty) {
        func expected<Value>(
            _ key: String,
            _ old: Value,
            cleared: Value,
            _ read: (PlainJSON) -> Value?,
        ) -> Value? {
            switch plain.member(key) {
            case nil: old
            case .null?: cleared
            case let value?: read(value)
            }
        }
        let name = expected("name", before.label, cleared: "") { $0.string }
        try demand(name == after.label, "the name is \(after.label)")
        let flags = [
            ("disabled", \KeySettings.isDisabled), ("manages_keys", \.managesKeys),
            ("refuse_lowering", \.refusesLowering),
        ]
        for (key, path) in flags {
            let flag = expected(key, before[keyPath: path], cleared: false) { $0.bool }
            try demand(flag == after[keyPath: path], "\(key) is \(after[keyPath: path])")
        }
        let policy = expected("on_disconnect", before.onDisconnect, cleared: .drain) {
            $0.string.flatMap(DisconnectPolicy.init(rawValue:))
        }
        try demand(policy == after.onDisconnect, "on_disconnect is \(after.onDisconnect)")
        let isExpiryNamed = plain.member("expires_at") != nil
        try demand(isExpiryNamed || after.expiresAt == before.expiresAt, "the expiry is another")
        if plain.member("expires_at") == .null {
            try demand(after.expiresAt == nil, "the expiry is not taken away")
        }
        guard case .array(let names)? = plain.member("models") else { return }
        try demand(
            names.compactMap(\.string) == after.models,
            "the models are \(after.models ?? [])",
        )
    }

    private static func checkCounts(
        _ plain: PlainJSON,
        _ before: KeySettings,
        _ after: KeySettings,
    ) throws(BrokenProperty) {
        let counts = [
            ("requests_per_minute", \KeyRates.requestsPerMinute),
            ("tokens_per_minute", \.tokensPerMinute), ("max_concurrency", \.concurrency),
        ]
        for (key, path) in counts {
            let count = after.rates[keyPath: path]
            try demand(count.map { $0 > 0 } ?? true, "\(key) is \(count ?? 0)")
            switch plain.member(key) {
            case nil: try demand(count == before.rates[keyPath: path], "\(key) is \(count ?? 0)")
            case .null?: try demand(count == nil, "\(key) is not taken away")
            case let value?:
                guard let stated = value.integer else { continue }
                try demand(count == Int(stated), "\(key) is \(count ?? 0), not \(stated)")
            }
        }
    }

    // MARK: Money

    private static func checkBudgets(
        _ plain: PlainJSON,
        _ before: KeySettings,
        _ after: KeySettings,
    ) throws(BrokenProperty) {
        let isChanged = ["limit", "limit_reset", "limits"].contains { plain.member($0) != nil }
        guard isChanged else {
            return try demand(after.budgets == before.budgets, "the budgets are others")
        }
        if case .object(let members)? = plain.member("limits") {
            try checkLimits(members, of: after.budgets)
        } else if let limit = plain.member("limit") {
            let reset = plain.member("limit_reset")?.string ?? "total"
            guard let window = BudgetWindow(rawValue: reset) else {
                throw BrokenProperty(description: "the window \(reset) is passed over")
            }
            try demandUnits(after.budgets[window], limit)
            let others = BudgetWindow.allCases.filter { $0 != window }
            try demand(others.allSatisfy { after.budgets[$0] == nil }, "another budget stays")
        } else {
            // A window alone, or no window's limit: of several budgets it means none.
            try demand(after.budgets == before.budgets, "a window alone changes several budgets")
        }
    }

    private static func demandUnits(
        _ amount: Amount?,
        _ stated: PlainJSON,
    ) throws(BrokenProperty) {
        let text: String
        switch stated {
        case .null: return try demand(amount == nil, "a budget is not taken away")
        case .string(let bytes): text = String(decoding: bytes, as: UTF8.self)
        case .number(let number): text = number
        case .object, .array, .bool:
            throw BrokenProperty(description: "\(stated) is read as money")
        }
        guard let amount else { throw BrokenProperty(description: "\(stated) is no budget") }
        guard text.contains(/^[0-9.]+$/) else { return }
        let places =
            text.contains(".") ? text.reversed().drop { $0 == "0" } : Array(text.reversed())[...]
        let digits = String(places.reversed())
        let plainText = digits.hasSuffix(".") ? String(digits.dropLast()) : digits
        try demand(
            DecimalProperty.plainUnits(plainText, decimals: 6) == amount.units,
            "\(text) dollars are read as \(amount.units)",
        )
    }

    /// Each window that is named has the limit that is named.
    static func checkLimits(
        _ members: [PlainJSON.Member],
        of budgets: SpendingLimits,
    ) throws(BrokenProperty) {
        for member in members {
            let window = BudgetWindow(rawValue: String(decoding: member.key, as: UTF8.self))
            guard let window else {
                throw BrokenProperty(description: "a window is passed over")
            }
            try demandUnits(budgets[window], member.value)
        }
    }
}
