package import Primitives

/// The text of a key: `fbx-<12 hexadecimal digits>-<64 hexadecimal digits>`.
///
/// The first part is public and names the key in logs and lists; the second is 256 random bits.
/// It is shown once and never stored.
package struct Secret: Sendable {
    package let text: String

    /// A new secret.
    package init(_ identifiers: IdentifierSource) {
        text = "fbx-\(identifiers.secret(bytes: 6))-\(identifiers.secret(bytes: 32))"
    }

    /// Another secret with the public half of a key that exists.
    package init(replacing id: KeyID, _ identifiers: IdentifierSource) {
        text = "\(id)-\(identifiers.secret(bytes: 32))"
    }

    /// Takes what a client presented, whatever it is.
    package init(presented text: String) { self.text = text }

    /// The public half; of a malformed secret, nothing.
    package var keyID: KeyID? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "fbx", parts[1].utf8.count == 12,
            parts[2].utf8.count == 64, Hexadecimal.bytes(parts[1]) != nil,
            Hexadecimal.bytes(parts[2]) != nil
        else { return nil }
        return KeyID("fbx-\(parts[1])")
    }

    package var digest: SecretDigest { SecretDigest(of: self) }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible {
    /// The public half alone.
    package var description: String { keyID?.description ?? "malformed" }
    package var debugDescription: String { description }
}
