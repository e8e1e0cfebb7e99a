package import Primitives

/// A sum of counts times prices, exact in 128 bits; the one place where money is rounded.
package struct PicodollarSum {
    private var picodollars: UInt128 = 0

    package init() {}

    /// Adds `count` units at so many micro-USD per million.
    ///
    /// Neither is negative.
    package mutating func add(_ count: Int64, at microdollarsPerMillion: Int64) {
        // Two 63-bit factors fit in 126 bits, so eleven classes can not overflow together with the
        // clamp below.
        let product = UInt128(UInt64(count)) * UInt128(UInt64(microdollarsPerMillion))
        let (sum, overflow) = picodollars.addingReportingOverflow(product)
        picodollars = overflow ? .max : sum
    }

    /// The sum in micro-USD, rounded up; the largest amount where it does not fit.
    package var roundedUp: Amount {
        let (quotient, remainder) = picodollars.quotientAndRemainder(dividingBy: 1_000_000)
        let microdollars = quotient + (remainder > 0 ? 1 : 0)
        return Amount(Int64(clamping: microdollars))
    }

    /// How many more units at `microdollarsPerMillion` fit under `limit`; `nil` where even none do.
    package func unitsThatFit(under limit: Amount, at microdollarsPerMillion: Int64) -> Int64? {
        let ceiling = UInt128(UInt64(limit.units)) * 1_000_000
        guard picodollars <= ceiling else { return nil }
        guard microdollarsPerMillion > 0 else { return .max }
        return Int64(clamping: (ceiling - picodollars) / UInt128(UInt64(microdollarsPerMillion)))
    }
}
