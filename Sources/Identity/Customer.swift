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

    package init(id: CustomerID, depositCode: String, label: String, createdAt: Timestamp) {
        self.id = id
        self.depositCode = depositCode
        self.label = label
        self.createdAt = createdAt
    }
}
