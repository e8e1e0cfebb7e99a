import Ledger
import Primitives

/// What the open holds reserve.
extension SQLiteTransaction {
    /// By asset, of one customer.
    mutating func reserved(of customer: CustomerID) throws -> [Asset: Amount] {
        try flushHolds()
        let parts = try rows(
            "SELECT parts FROM holds WHERE state = 'open' AND customer = ?",
            [.text(customer.description)],
            of: "holds",
        ) { columns in try columns.parsed("parts", HoldRow.parts) }
        return Dictionary(parts.joined().map { ($0.asset, $0.amount) }, uniquingKeysWith: sum)
    }

    /// Micro-USD, of one spender.
    mutating func reserved(by spender: Spender) throws -> Amount {
        try flushHolds()
        let amounts =
            switch spender {
            case .customer(let customer):
                try rows(
                    "SELECT amount FROM holds WHERE state = 'open' AND customer = ?",
                    [.text(customer.description)],
                    of: "holds",
                ) { columns in try columns.amount("amount") }
            case .key(let key, of: let customer):
                try rows(
                    "SELECT amount FROM holds WHERE state = 'open' AND customer = ? AND key = ?",
                    [.text(customer.description), .text(key.description)],
                    of: "holds",
                ) { columns in try columns.amount("amount") }
            }
        return amounts.reduce(.zero, sum)
    }

    /// Of every account that has something held.
    mutating func reservedByAccount() throws -> [AccountID: Amount] {
        let reserved = try openHolds(leasedBefore: .distantFuture, limit: .max).flatMap { hold in
            hold.parts.map { (AccountID.customer(hold.customer, $0.asset), $0.amount) }
        }
        return Dictionary(reserved, uniquingKeysWith: sum)
    }
}

/// Amounts of one ledger fit together, unless a row was changed by hand; the audit then finds that.
func sum(_ lhs: Amount, _ rhs: Amount) -> Amount { lhs.adding(rhs) ?? Amount(.max) }
