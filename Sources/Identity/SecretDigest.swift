import Crypto

/// SHA-256 of a whole secret: what is stored of it.
///
/// Two of them are compared in a time that does not depend on where they differ, and there is no
/// other way to compare them: an answer's time tells nothing of a stored digest. `make timing`
/// measures it.
package struct SecretDigest: Hashable, Sendable {
    /// 32 bytes.
    package let bytes: [UInt8]

    /// The digest as it was stored.
    package init(stored bytes: [UInt8]) { self.bytes = bytes }

    package init(of secret: Secret) {
        bytes = Array(SHA256.hash(data: Array(secret.text.utf8)))
    }

    package static func == (lhs: SecretDigest, rhs: SecretDigest) -> Bool {
        guard lhs.bytes.count == rhs.bytes.count else { return false }
        return zip(lhs.bytes, rhs.bytes).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
