package import Primitives

/// Names one balance in one asset, as `customer/<id>/<asset>` or `revenue/<asset>`.
package struct AccountID: Hashable, Sendable {
    /// Whose money, or what kind of position, the account counts.
    package enum Owner: Hashable, Sendable {
        /// What we owe a customer.
        case customer(CustomerID)
        /// What we hold on a rail: a chain's treasury, the card processor.
        case custody(String)
        /// What we owe an upstream provider.
        case provider(String)
        /// Margin.
        case revenue
        /// Usage that exceeded its hold and is the operator's to bear.
        case overrun
        /// Grants and bonuses given away.
        case promotion
        /// Deposits that match nobody.
        case suspense
        /// Money on its way out.
        case payout
    }

    /// The side on which the account's balance normally stands.
    package enum Side: Sendable {
        case debit
        case credit
    }

    package let owner: Owner
    package let asset: Asset

    package init(_ owner: Owner, _ asset: Asset) {
        self.owner = owner
        self.asset = asset
    }

    package static func customer(_ id: CustomerID, _ asset: Asset) -> AccountID {
        AccountID(.customer(id), asset)
    }

    /// Liabilities and income stand in credit; what we hold and what we spend stands in debit.
    package var side: Side {
        switch owner {
        case .customer, .provider, .revenue, .suspense, .payout: .credit
        case .custody, .overrun, .promotion: .debit
        }
    }
}

extension AccountID {
    /// By the name of the owner, which tells most accounts apart, and the asset; accounts are looked
    /// up dozens of times for each inference.
    package func hash(into hasher: inout Hasher) {
        switch owner {
        case .customer(let id): hasher.combine(id.description)
        case .custody(let name), .provider(let name): hasher.combine(name)
        case .revenue: hasher.combine(UInt8(1))
        case .overrun: hasher.combine(UInt8(2))
        case .promotion: hasher.combine(UInt8(3))
        case .suspense: hasher.combine(UInt8(4))
        case .payout: hasher.combine(UInt8(5))
        }
        hasher.combine(asset)
    }
}

extension AccountID {
    /// Whether so much may be held of it: of customers no more than they have, of others nothing.
    package func mayHold(_ balance: Balance) -> Bool {
        switch owner {
        case .customer: balance.posted >= balance.held.units
        case .custody, .provider, .revenue, .overrun, .promotion, .suspense, .payout:
            balance.held == .zero
        }
    }
}

extension AccountID: CustomStringConvertible {
    package var description: String {
        switch owner {
        case .customer(let id): "customer/\(id)/\(asset.rawValue)"
        case .custody(let rail): "custody/\(rail)/\(asset.rawValue)"
        case .provider(let name): "provider/\(name)/\(asset.rawValue)"
        case .revenue: "revenue/\(asset.rawValue)"
        case .overrun: "overrun/\(asset.rawValue)"
        case .promotion: "promotion/\(asset.rawValue)"
        case .suspense: "suspense/\(asset.rawValue)"
        case .payout: "payout/\(asset.rawValue)"
        }
    }

    /// Reads what ``description`` prints; `nil` for anything else.
    package init?(_ description: String) {
        let parts = description.parts
        guard let last = parts.last, let asset = Asset(rawValue: last) else { return nil }
        switch (parts.first, parts.count) {
        case ("customer", 3): self.init(.customer(CustomerID(parts[1])), asset)
        case ("custody", 3): self.init(.custody(parts[1]), asset)
        case ("provider", 3): self.init(.provider(parts[1]), asset)
        case ("revenue", 2): self.init(.revenue, asset)
        case ("overrun", 2): self.init(.overrun, asset)
        case ("promotion", 2): self.init(.promotion, asset)
        case ("suspense", 2): self.init(.suspense, asset)
        case ("payout", 2): self.init(.payout, asset)
        default: return nil
        }
    }
}

extension String {
    /// What stands between slashes.
    ///
    /// By bytes, as stores compare: a slash that an accent follows is another character.
    var parts: [String] {
        utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { String(Substring($0)) }
    }
}
