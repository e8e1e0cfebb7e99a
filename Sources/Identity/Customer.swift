package import Primitives

/// Who owns money here.
package struct Customer: Hashable, Sendable {
    package let id: CustomerID
    /// Names this customer in a deposit: 128 random bits, 32 lower-case hexadecimal digits.
    ///
    /// Public, bound once, usable for every top-up.
    package let depositCode: String
    /// For the operator; may be empty.
    package let label: String
    package let createdAt: Timestamp
    /// The most that all its keys together may spend; the operator's to set.
    package var budgets: SpendingLimits

    package init(
        id: CustomerID,
        depositCode: String,
        label: String,
        createdAt: Timestamp,
        budgets: SpendingLimits = SpendingLimits(),
    ) {
        self.id = id
        self.depositCode = depositCode
        self.label = label
        self.createdAt = createdAt
        self.budgets = budgets
    }
}
