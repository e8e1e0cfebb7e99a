/// A message and its signatures.
package struct SolanaTransaction: Hashable, Sendable {
    /// One for each signer, in the order of their keys; the first names the transaction.
    package let signatures: [SolanaSignature]
    package let message: SolanaMessage

    /// - Precondition: there is one signature for each signer.
    package init(_ message: SolanaMessage, signatures: [SolanaSignature]) {
        precondition(signatures.count == message.signers, "each signer signs")
        self.message = message
        self.signatures = signatures
    }

    /// Reads the wire's format.
    ///
    /// - Returns: `nil` for anything that no node would have taken, and for bytes behind the end.
    package init?(_ bytes: [UInt8]) {
        var rest = bytes[...]
        guard
            let signatures = rest.takeMany({ $0.take(64).flatMap { SolanaSignature(bytes: $0) } }),
            let message = SolanaMessage(reading: &rest),
            rest.isEmpty, signatures.count == message.signers
        else { return nil }
        self.signatures = signatures
        self.message = message
    }

    package var encoded: [UInt8] {
        CompactLength.encoded(UInt16(signatures.count)) + signatures.flatMap(\.bytes)
            + message.encoded
    }
}
