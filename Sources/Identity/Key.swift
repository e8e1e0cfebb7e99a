package import Ledger
package import Primitives

/// A secret that spends one customer's money.
///
/// The secret itself is not stored.
package struct Key: Hashable, Sendable {
    /// The public half of the secret, safe to log: `fbx-<12 hexadecimal digits>`.
    package let id: KeyID
    package let customer: CustomerID
    package let digest: SecretDigest
    package var settings: KeySettings
    package let createdAt: Timestamp
    /// When its settings were changed last; `nil` where they never were.
    package var updatedAt: Timestamp?
    package var revokedAt: Timestamp?

    package init(
        id: KeyID,
        customer: CustomerID,
        digest: SecretDigest,
        settings: KeySettings = KeySettings(),
        createdAt: Timestamp,
        updatedAt: Timestamp? = nil,
        revokedAt: Timestamp? = nil,
    ) {
        self.id = id
        self.customer = customer
        self.digest = digest
        self.settings = settings
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.revokedAt = revokedAt
    }

    /// Whether it is a credential at `now`: neither revoked, nor disabled, nor expired.
    package func isValid(at now: Timestamp) -> Bool {
        revokedAt == nil && !settings.isDisabled && (settings.expiresAt ?? .distantFuture) > now
    }

    /// Its limits on spending, as the ledger checks them.
    package var budgets: [Budget] { settings.budgets.of(.key(id, of: customer)) }
}
