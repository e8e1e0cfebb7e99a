import GatewayTestKit
import Identity
import Ledger
import Primitives

/// A customer of the books with its key, made of its number alone, so that nobody has to remember a
/// million of them.
struct Person: Sendable {
    let id: CustomerID
    let key: KeyID
    let secret: Secret
    let digest: SecretDigest
    /// The code of its deposits.
    let depositCode: String

    /// The customer that came as the `number`th, one each millisecond.
    init(_ number: Int) {
        let clock = HandClock()
        clock.advance(by: .milliseconds(number))
        let identifiers = IdentifierSource.seeded(UInt64(number), clock)
        id = identifiers.next("cus")
        secret = Secret(identifiers)
        digest = secret.digest
        depositCode = identifiers.secret(bytes: 16)
        guard let key = secret.keyID else { preconditionFailure("a new secret is one") }
        self.key = key
    }

    /// A hold of its money.
    func hold(_ inference: InferenceID, at now: Timestamp) -> HoldRequest {
        .sample(inference, of: id, 10_000, placedAt: now, lease: now, key: key)
    }
}
