package import Ledger
package import Primitives

/// A line of a customer's statement.
package enum StatementLine: Hashable, Sendable {
    /// A settled inference.
    case receipt(Receipt)
    /// Money that came in: a deposit or a grant.
    case credit(Transfer)
    /// Money that was taken back, because its deposit left its chain.
    case reversal(Transfer)

    package var at: Timestamp {
        switch self {
        case .receipt(let receipt): receipt.settledAt
        case .credit(let transfer), .reversal(let transfer): transfer.at
        }
    }
}

/// The receipts' slice of a store's transaction.
package protocol ReceiptTransaction {
    mutating func append(_ receipt: Receipt) throws
    mutating func receipt(_ id: InferenceID) throws -> Receipt?
    /// How many lines the customer's statement has.
    mutating func statementLength(of customer: CustomerID) throws -> Int
    /// The customer's statement, newest first.
    mutating func statement(
        of customer: CustomerID,
        skipping: Int,
        limit: Int,
    ) throws -> [StatementLine]
}

/// Everything the operator's figures are summed from.
package protocol ReceiptReading {
    /// All receipts after `id` in id order, at most `limit`.
    mutating func receipts(after id: InferenceID?, limit: Int) throws -> [Receipt]
}
