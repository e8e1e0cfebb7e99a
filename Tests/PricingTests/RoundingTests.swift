import Metering
import Primitives
import Testing

@testable import Pricing

struct RoundingTests {
    @Test(
        arguments: UsageClass.allCases,
        [
            (Int64(1), Int64(1)), (999_999, 1), (1_000_000, 1), (1_000_001, 2), (3_300_000, 4),
            (10_000_000_000, 10_000), (0, 0),
        ],
    )
    func `one unit costs its price per million, rounded up`(
        _ kind: UsageClass,
        _ row: (price: Int64, charge: Int64),
    ) {
        let table = PriceTable(cost: [:], price: [kind: row.price])
        #expect(table.price(of: Usage([kind: 1])) == Amount(row.charge))
        #expect(table.cost(of: Usage([kind: 1])) == .zero)
    }

    @Test func `a charge is rounded once, not once a class`() {
        let prices = Dictionary(uniqueKeysWithValues: UsageClass.allCases.map { ($0, Int64(1)) })
        let usage = Usage(prices)
        #expect(PriceTable(cost: [:], price: prices).price(of: usage) == Amount(1))
    }

    /// PM-16 and L5-18: floats make 8611 of it (PM-W10), and cut what is less than a unit off.
    @Test
    func `a charge that is a whole number is that number, and any part more is one unit more`() {
        let table = PriceTable(cost: [:], price: [.output: 8_400_000])
        #expect(table.price(of: Usage([.output: 1025])) == Amount(8610))
        #expect(table.price(of: Usage([.output: 1026])) == Amount(8619))
    }

    @Test func `a sum beyond 64 bits is the largest amount`() {
        let table = PriceTable(cost: [:], price: [.input: .max, .output: .max, .image: .max])
        let usage = Usage([.input: .max, .output: .max, .image: .max])
        #expect(table.price(of: usage) == Amount(.max))
        var sum = PicodollarSum()
        for _ in 0..<20 { sum.add(.max, at: .max) }
        #expect(sum.roundedUp == Amount(.max))
        #expect(sum.unitsThatFit(under: Amount(.max), at: 1) == nil)
    }

    @Test(arguments: UInt64(1)...50)
    func `a charge is what long multiplication by hand makes it`(_ seed: UInt64) {
        var random = Random(state: seed)
        var usage = Usage()
        var prices: [UsageClass: Int64] = [:]
        var digits = DecimalDigits()
        for kind in UsageClass.allCases {
            usage[kind] = .random(in: 0...5_000_000_000_000, using: &random)
            prices[kind] = .random(in: 0...10_000_000_000, using: &random)
            digits.add(DecimalDigits(usage[kind]).times(DecimalDigits(prices[kind] ?? 0)))
        }
        let charge = PriceTable(cost: [:], price: prices).price(of: usage)
        #expect(charge.description == digits.millionthsRoundedUp, "seed \(seed)")
    }

    @Test(arguments: [
        (Int64(3_000_000), Int64(1000), Int64(3_300_000)), (880_000, 2000, 1_056_000), (1, 0, 1),
        (1, 1, 2), (10_000, 1, 10_001), (9_999, 1, 10_000), (0, 5000, 0),
        (10_000_000_000, 100_000, 110_000_000_000), (.max, 1000, .max),
    ])
    func `markup is folded into a price, rounded up`(
        _ cost: Int64,
        _ basisPoints: Int64,
        _ price: Int64,
    ) {
        #expect(cost.markedUp(basisPoints: basisPoints) == price)
    }

    @Test(arguments: [
        (Int64(5000), Int64(2_000_000), Int64(1000), Int64(2000)), (1000, 2_000_000, 1000, 0),
        (5001, 2_000_000, 1000, 2000), (5002, 2_000_000, 1000, 2001), (5, 0, 1, .max),
    ])
    func `as many units fit as the limit pays for`(
        _ limit: Int64,
        _ price: Int64,
        _ spent: Int64,
        _ units: Int64,
    ) {
        var sum = PicodollarSum()
        sum.add(spent, at: 1_000_000)
        #expect(sum.unitsThatFit(under: Amount(limit), at: price) == units)
        #expect(sum.unitsThatFit(under: Amount(spent - 1), at: price) == nil)
    }
}

/// A small generator, so that a seed that fails can be run again.
private struct Random: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state >> 32) ^ (state &* 0x9E37_79B9_7F4A_7C15)
    }
}

/// A whole number as its decimal digits, the last first: slow, and unlike what it checks.
private struct DecimalDigits {
    private var digits: [Int] = []

    init() {}
    init(_ number: Int64) { digits = String(number).reversed().compactMap(\.wholeNumberValue) }

    mutating func add(_ other: DecimalDigits) {
        var carry = 0
        for place in 0..<(max(digits.count, other.digits.count) + 1) {
            if place == digits.count { digits.append(0) }
            let sum =
                digits[place] + carry
                + (place < other.digits.count ? other.digits[place] : 0)
            digits[place] = sum % 10
            carry = sum / 10
        }
    }

    func times(_ other: DecimalDigits) -> DecimalDigits {
        var product = DecimalDigits()
        for (place, digit) in other.digits.enumerated() {
            var shifted = self
            shifted.digits.insert(contentsOf: Array(repeating: 0, count: place), at: 0)
            for _ in 0..<digit { product.add(shifted) }
        }
        return product
    }

    var millionthsRoundedUp: String {
        var rest = self
        let isWhole = rest.digits.prefix(6).allSatisfy { $0 == 0 }
        rest.digits = Array(rest.digits.dropFirst(6))
        if !isWhole { rest.add(DecimalDigits(1)) }
        let text = String(rest.digits.reversed().flatMap { String($0) }).drop { $0 == "0" }
        return text.isEmpty ? "0" : String(text)
    }
}
