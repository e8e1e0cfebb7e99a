package import Ledger
package import Primitives

/// A line of a customer's statement.
package enum StatementLine: Hashable, Sendable {
    /// A settled inference.
    case receipt(Receipt)
    /// Money that came in: a deposit or a grant.
    case credit(Transfer)
    /// Money that went: taken back because its deposit left its chain, or withdrawn.
    case debit(Transfer)

    package var at: Timestamp {
        switch self {
        case .receipt(let receipt): receipt.settledAt
        case .credit(let transfer), .debit(let transfer): transfer.at
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
    /// How many inferences were settled.
    mutating func receiptCount() throws -> Int
    /// What the customer's inferences came to that were settled at `start` or later.
    mutating func usage(of customer: CustomerID, since start: Timestamp) throws -> [DailyUsage]
}

/// Everything the operator's figures are summed from.
package protocol ReceiptReading {
    /// All receipts after `id` in id order, at most `limit`.
    mutating func receipts(after id: InferenceID?, limit: Int) throws -> [Receipt]
    /// What was taken back of customers because its deposits left their chains, by asset; an asset of
    /// which nothing was is not among it.
    mutating func reversedOfCustomers() throws -> [Asset: Amount]
}
