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
        return Dictionary(
            parts.joined().map { ($0.asset, $0.amount) },
            uniquingKeysWith: saturatingSum,
        )
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
                    "SELECT amount FROM holds WHERE state = 'open' AND customer = ?1 AND key = ?2",
                    [.text(customer.description), .text(key.description)],
                    of: "holds",
                ) { columns in try columns.amount("amount") }
            }
        return amounts.reduce(.zero, saturatingSum)
    }

    /// Of every spender that has something held, in micro-USD.
    mutating func reservedBySpender() throws -> [Spender: Amount] {
        try flushHolds()
        let reserved = try rows(
            "SELECT customer, key, amount FROM holds WHERE state = 'open'",
            of: "holds",
        ) { columns in
            let customer = CustomerID(try columns.text("customer"))
            let key = KeyID(try columns.text("key"))
            let amount = try columns.amount("amount")
            return [(Spender.key(key, of: customer), amount), (.customer(customer), amount)]
        }
        return Dictionary(reserved.joined().map { $0 }, uniquingKeysWith: saturatingSum)
    }

    /// Of every account that has something held.
    mutating func reservedByAccount() throws -> [AccountID: Amount] {
        try flushHolds()
        let reserved = try rows(
            "SELECT customer, parts FROM holds WHERE state = 'open'",
            of: "holds",
        ) { columns in
            let customer = CustomerID(try columns.text("customer"))
            return try columns.parsed("parts", HoldRow.parts)
                .map { (AccountID.customer(customer, $0.asset), $0.amount) }
        }
        return Dictionary(reserved.joined().map { $0 }, uniquingKeysWith: saturatingSum)
    }
}

/// Amounts of one ledger fit together, unless a row was changed by hand; the audit then finds that.
func saturatingSum(_ lhs: Amount, _ rhs: Amount) -> Amount { lhs.adding(rhs) ?? Amount(.max) }
