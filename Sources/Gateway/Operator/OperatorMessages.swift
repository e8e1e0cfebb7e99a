import Identity
import Ledger
import Primitives

/// What an operator asks to have granted.
package struct GrantOrder: Codable, Sendable {
    /// Chosen by the operator; the same id credits once.
    ///
    /// At most 255 bytes.
    package var id: String
    /// Either the customer's id, or a key of it.
    package var customer: String?
    package var apiToken: String?
    /// Decimal text in the asset's unit: "5.00".
    package var amount: String
    /// `usd` where it is not given.
    package var asset: String?
    package var reason: String?
    /// Whether to write nothing and only tell what would be written.
    package var dryRun: Bool?

    package init(
        id: String,
        customer: String? = nil,
        apiToken: String? = nil,
        amount: String,
        asset: String? = nil,
        reason: String? = nil,
        dryRun: Bool? = nil,
    ) {
        self.id = id
        self.customer = customer
        self.apiToken = apiToken
        self.amount = amount
        self.asset = asset
        self.reason = reason
        self.dryRun = dryRun
    }
}

/// What a grant came to.
package struct GrantAnswer: Codable, Sendable {
    package let transfer: String
    package let customer: String
    package let asset: String
    /// In the asset's smallest unit.
    package let amount: Int64
    /// What the customer has available over all dollar assets, in micro-USD.
    package let balance: Int64

    init(_ transfer: Transfer, _ grant: Grant, balance: Amount) {
        self.transfer = transfer.id.description
        customer = grant.customer.description
        asset = transfer.asset.rawValue
        amount = transfer.amount.units
        self.balance = balance.units
    }
}

/// What an operator asks to have made a key.
package struct KeyOrder: Codable, Sendable {
    package var customer: String
    package var label: String?
    package var refuseLowering: Bool?
    /// `drain` or `cancel`.
    package var onDisconnect: String?

    package init(
        customer: String,
        label: String? = nil,
        refuseLowering: Bool? = nil,
        onDisconnect: String? = nil,
    ) {
        self.customer = customer
        self.label = label
        self.refuseLowering = refuseLowering
        self.onDisconnect = onDisconnect
    }
}

/// A key as operators see it.
package struct KeyAnswer: Codable, Sendable {
    package let id: String
    package let customer: String
    package let label: String
    package let refuseLowering: Bool
    package let onDisconnect: String
    package let createdAt: String
    package let revokedAt: String?
    /// The whole secret, shown once, to whoever made it.
    package let key: String?

    init(_ key: Key, secret: Secret?) {
        id = key.id.description
        customer = key.customer.description
        label = key.label
        refuseLowering = key.refusesLowering
        onDisconnect = key.onDisconnect.rawValue
        createdAt = key.createdAt.iso8601
        revokedAt = key.revokedAt?.iso8601
        self.key = secret?.text
    }
}

/// A list of keys.
package struct KeyListAnswer: Codable, Sendable {
    package let keys: [KeyAnswer]
}

/// Which rate card is in force.
package struct RatesAnswer: Codable, Sendable {
    package let rateCard: String
}
