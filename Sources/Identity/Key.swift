package import Primitives

/// A secret that spends one customer's money.
///
/// The secret itself is not stored.
package struct Key: Hashable, Sendable {
    /// What happens when the agent leaves while its answer streams.
    package enum DisconnectPolicy: String, Hashable, Sendable, CaseIterable {
        /// Read on for a while, so the provider's own report is charged.
        case drain
        /// Cancel the upstream and charge an estimate.
        case cancel
    }

    /// The public half of the secret, safe to log: `fbx-<12 hexadecimal digits>`.
    package let id: KeyID
    package let customer: CustomerID
    /// SHA-256 of the whole secret.
    package let digest: [UInt8]
    /// For people; may be empty.
    package var label: String
    /// Whether a request that the balance does not cover is refused rather than capped.
    package var refusesLowering: Bool
    package var onDisconnect: DisconnectPolicy
    package let createdAt: Timestamp
    package var revokedAt: Timestamp?

    package init(
        id: KeyID,
        customer: CustomerID,
        digest: [UInt8],
        label: String = "",
        refusesLowering: Bool = false,
        onDisconnect: DisconnectPolicy = .drain,
        createdAt: Timestamp,
        revokedAt: Timestamp? = nil,
    ) {
        self.id = id
        self.customer = customer
        self.digest = digest
        self.label = label
        self.refusesLowering = refusesLowering
        self.onDisconnect = onDisconnect
        self.createdAt = createdAt
        self.revokedAt = revokedAt
    }
}
