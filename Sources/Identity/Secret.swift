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
        let (publicEnd, length) = (16, 81)
        let bytes = text.utf8
        guard bytes.count == length, bytes.starts(with: "fbx-".utf8) else { return nil }
        let areInPlace = bytes.enumerated().allSatisfy { index, byte in
            index < 4 || (index == publicEnd ? byte == UInt8(ascii: "-") : byte.isHexadecimal)
        }
        return areInPlace ? KeyID(String(text.prefix(publicEnd))) : nil
    }

    package var digest: SecretDigest { SecretDigest(of: self) }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible {
    /// The public half alone.
    package var description: String { keyID?.description ?? "malformed" }
    package var debugDescription: String { description }
}

extension UInt8 {
    fileprivate var isHexadecimal: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
        default: false
        }
    }
}
