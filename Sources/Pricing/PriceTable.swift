package import Metering
package import Primitives

/// What each class of usage costs us and is sold for, in micro-USD per 1,000,000 units.
///
/// (Which is pico-USD per token.) A published table has a row for every class.
package struct PriceTable: Hashable, Sendable, Codable {
    /// What the provider charges us.
    package let cost: [UsageClass: Int64]
    /// What we charge; never below the cost.
    package let price: [UsageClass: Int64]

    package init(cost: [UsageClass: Int64], price: [UsageClass: Int64]) {
        self.cost = cost
        self.price = price
    }

    /// The price of `usage`, rounded up to one micro-USD once, at the end.
    package func price(of usage: Usage) -> Amount { PriceTable.total(usage, at: price) }

    /// Our cost of `usage`, rounded up to one micro-USD once, at the end.
    package func cost(of usage: Usage) -> Amount { PriceTable.total(usage, at: cost) }

    /// The highest price among `kinds`.
    func highest(of kinds: [UsageClass]) -> Int64 { kinds.map { price[$0] ?? 0 }.max() ?? 0 }

    private static func total(_ usage: Usage, at prices: [UsageClass: Int64]) -> Amount {
        UsageClass.allCases.reduce(into: PicodollarSum()) { sum, kind in
            sum.add(usage[kind], at: prices[kind] ?? 0)
        }.roundedUp
    }
}
