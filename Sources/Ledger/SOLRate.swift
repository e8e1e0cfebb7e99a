package import Primitives

/// What one SOL is worth, in micro-USD, and when that was known.
package struct SOLRate: Hashable, Sendable {
    package let microdollarsPerSOL: Int64
    package let quotedAt: Timestamp

    /// - Precondition: the rate is positive.
    package init(microdollarsPerSOL: Int64, quotedAt: Timestamp) {
        precondition(microdollarsPerSOL > 0, "SOL has a positive price")
        self.microdollarsPerSOL = microdollarsPerSOL
        self.quotedAt = quotedAt
    }

    /// The lamports that cover so many micro-USD, rounded up; `nil` where they do not fit 64 bits.
    package func lamports(covering microdollars: Amount) -> Amount? {
        let product = Int128(microdollars.units) * 1_000_000_000
        let rate = Int128(microdollarsPerSOL)
        return Int64(exactly: (product + rate - 1) / rate).map(Amount.init)
    }

    /// The micro-USD that so many lamports cover, rounded down.
    package func microdollars(coveredBy lamports: Amount) -> Amount {
        let product = Int128(lamports.units) * Int128(microdollarsPerSOL) / 1_000_000_000
        return Amount(Int64(clamping: product))
    }
}
