import Identity
import Ledger
package import Primitives

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

extension GrantOrder {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case id, customer, amount, asset, reason
        case apiToken = "api_token"
        case dryRun = "dry_run"
    }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        id = try fields.decode(String.self, forKey: .id)
        customer = try fields.decodeIfPresent(String.self, forKey: .customer)
        apiToken = try fields.decodeIfPresent(String.self, forKey: .apiToken)
        amount = try fields.decode(String.self, forKey: .amount)
        asset = try fields.decodeIfPresent(String.self, forKey: .asset)
        reason = try fields.decodeIfPresent(String.self, forKey: .reason)
        dryRun = try fields.decodeIfPresent(Bool.self, forKey: .dryRun)
        try decoder.refuseUnknown(CodingKeys.self)
    }

    /// What is granted.
    ///
    /// - Throws: ``GatewayError/invalidParameter(_:)``.
    package func checkedAmount() throws(GatewayError) -> (asset: Asset, amount: Amount) {
        guard let asset = Asset(rawValue: asset ?? "usd") else { throw .invalidParameter("asset") }
        guard let units = DecimalText.units(of: amount, decimals: asset.decimals), units > 0
        else { throw .invalidParameter("amount") }
        return (asset, Amount(units))
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
    package var settings: KeyChange?

    package init(customer: String, settings: KeyChange? = nil) {
        self.customer = customer
        self.settings = settings
    }
}

extension KeyOrder {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case customer, settings
    }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        customer = try fields.decode(String.self, forKey: .customer)
        settings = try fields.decodeIfPresent(KeyChange.self, forKey: .settings)
        try decoder.refuseUnknown(CodingKeys.self)
    }
}

/// What an operator asks to have given back.
package struct RefundOrder: Codable, Sendable {
    /// The inference's id, which is its receipt's.
    package var inference: String
    /// US dollars in decimal text: "0.05"; the whole charge where it is not given.
    package var amount: String?
    package var reason: String?
    /// Whether to write nothing and only tell what would be written.
    package var dryRun: Bool?

    package init(
        inference: String,
        amount: String? = nil,
        reason: String? = nil,
        dryRun: Bool? = nil,
    ) {
        self.inference = inference
        self.amount = amount
        self.reason = reason
        self.dryRun = dryRun
    }
}

extension RefundOrder {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case inference, amount, reason
        case dryRun = "dry_run"
    }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        inference = try fields.decode(String.self, forKey: .inference)
        amount = try fields.decodeIfPresent(String.self, forKey: .amount)
        reason = try fields.decodeIfPresent(String.self, forKey: .reason)
        dryRun = try fields.decodeIfPresent(Bool.self, forKey: .dryRun)
        try decoder.refuseUnknown(CodingKeys.self)
    }

    /// What is given back; `nil` for the whole charge.
    ///
    /// - Throws: ``GatewayError/invalidParameter(_:)``.
    package func checkedAmount() throws(GatewayError) -> Amount? {
        try amount.map { text throws(GatewayError) in
            guard let dollars = Dollars(text) else { throw .invalidParameter("amount") }
            return dollars.amount
        }
    }
}

/// What a refund came to.
package struct RefundAnswer: Codable, Sendable {
    package let inference: String
    package let customer: String
    /// Micro-USD given back.
    package let refunded: Int64
    /// What the customer has available over all dollar assets, in micro-USD.
    package let balance: Int64

    init(_ hold: Hold, _ refunded: Amount, balance: Amount) {
        inference = hold.id.description
        customer = hold.customer.description
        self.refunded = refunded.units
        self.balance = balance.units
    }
}

/// Which rate card is in force.
package struct RatesAnswer: Codable, Sendable {
    package let rateCard: String
}
