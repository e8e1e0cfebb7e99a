import Crypto

/// An account of Solana, of a wallet or of a program: 32 bytes, written in Base58.
package struct SolanaKey: Hashable, Sendable {
    package let bytes: [UInt8]

    /// - Returns: `nil` unless there are 32 of them.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        self.bytes = Array(bytes)
    }

    /// Reads Base58 of 32 bytes; `nil` for anything else.
    package init?(_ text: some StringProtocol) {
        guard let bytes = Base58.bytes(text, count: 32) else { return nil }
        self.bytes = bytes
    }
}

extension SolanaKey: CustomStringConvertible {
    package var description: String { Base58.text(bytes) }
}

/// A signature, which names its transaction where it is the first: 64 bytes, written in Base58.
package struct SolanaSignature: Hashable, Sendable {
    package let bytes: [UInt8]

    /// - Returns: `nil` unless there are 64 of them.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 64 else { return nil }
        self.bytes = Array(bytes)
    }

    /// Reads Base58 of 64 bytes; `nil` for anything else.
    package init?(_ text: some StringProtocol) {
        guard let bytes = Base58.bytes(text, count: 64) else { return nil }
        self.bytes = bytes
    }
}

extension SolanaSignature: CustomStringConvertible {
    package var description: String { Base58.text(bytes) }
}

extension SolanaKey {
    /// Whether the wallet has signed a message (Ed25519, RFC 8032).
    package func hasSigned(_ message: some Collection<UInt8>, _ signature: SolanaSignature) -> Bool
    {
        // What is not on the curve is no wallet: an account of a program.
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes) else {
            return false
        }
        return key.isValidSignature(signature.bytes, for: Array(message))
    }
}
