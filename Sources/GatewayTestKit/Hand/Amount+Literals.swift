package import Ledger
package import Primitives

/// Tables read better with bare numbers.
extension Amount: ExpressibleByIntegerLiteral {
    package init(integerLiteral value: Int64) { self.init(value) }
}

extension Timestamp {
    /// So many seconds after the start of the test's time.
    package static func second(_ seconds: Int64) -> Timestamp {
        Timestamp(microseconds: 1_767_225_600_000_000 + seconds * 1_000_000)
    }
}

extension Balance {
    package init(_ credits: Amount, _ debits: Amount, held: Amount = .zero) {
        self.init(credits: credits, debits: debits, held: held)
    }
}
