package import Metering
package import Primitives

/// What each class of usage costs us and is sold for, in micro-USD per 1,000,000 units.
///
/// (Which is pico-USD per token.) A published table has a row for every class.
package struct PriceTable: Hashable, Sendable {
    /// What the provider charges us.
    package let cost: [UsageClass: Int64]
    /// What we charge; never below the cost.
    package let price: [UsageClass: Int64]
    private let costs: PerUsageClass
    private let prices: PerUsageClass

    package init(cost: [UsageClass: Int64], price: [UsageClass: Int64]) {
        self.cost = cost
        self.price = price
        costs = PerUsageClass(cost)
        prices = PerUsageClass(price)
    }

    /// The price of `usage`, rounded up to one micro-USD once, at the end.
    package func price(of usage: Usage) -> Amount { PriceTable.total(usage, at: prices) }

    /// Our cost of `usage`, rounded up to one micro-USD once, at the end.
    package func cost(of usage: Usage) -> Amount { PriceTable.total(usage, at: costs) }

    /// The highest price among `kinds`.
    func highest(of kinds: [UsageClass]) -> Int64 { kinds.map { prices[$0] }.max() ?? 0 }

    private static func total(_ usage: Usage, at prices: PerUsageClass) -> Amount {
        var sum = PicodollarSum()
        for kind in UsageClass.allCases where usage[kind] != 0 {
            sum.add(usage[kind], at: prices[kind])
        }
        return sum.roundedUp
    }
}

extension PriceTable: Codable {
    private enum CodingKeys: CodingKey { case cost, price }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            cost: try values.decode([UsageClass: Int64].self, forKey: .cost),
            price: try values.decode([UsageClass: Int64].self, forKey: .price),
        )
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(cost, forKey: .cost)
        try values.encode(price, forKey: .price)
    }
}
