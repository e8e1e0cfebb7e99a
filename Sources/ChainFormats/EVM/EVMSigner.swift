import CSecp256k1

/// Signatures of secp256k1 as EVM chains use them: over a digest, and telling their signer.
///
/// By libsecp256k1. A signature whose `s` is in the upper half is refused: it is another's with its sign
/// turned, and who has one could make the other (EIP-2).
package enum EVMSigner {
    /// Who signed a digest of 32 bytes; `nil` where nobody can have.
    package static func signer(of digest: [UInt8], _ signature: EVMSignature) -> EVMAddress? {
        guard let context = secp256k1_public_context(), digest.count == 32 else { return nil }
        var read = secp256k1_ecdsa_recoverable_signature()
        var plain = secp256k1_ecdsa_signature()
        var key = secp256k1_pubkey()
        let parts = signature.r + signature.s
        guard
            secp256k1_ecdsa_recoverable_signature_parse_compact(
                context,
                &read,
                parts,
                Int32(signature.parity),
            ) == 1,
            secp256k1_ecdsa_recoverable_signature_convert(context, &plain, &read) == 1,
            // It says 1 where it had to turn the sign.
            secp256k1_ecdsa_signature_normalize(context, nil, &plain) == 0,
            secp256k1_ecdsa_recover(context, &key, &read, digest) == 1
        else { return nil }
        return address(of: &key, context)
    }

    /// The address of a secret of 32 bytes; `nil` for what is no secret.
    package static func address(ofSecret secret: [UInt8]) -> EVMAddress? {
        var key = secp256k1_pubkey()
        return withSecrets { context in
            guard secret.count == 32, secp256k1_ec_pubkey_create(context, &key, secret) == 1
            else { return nil }
            return address(of: &key, context)
        }
    }

    /// Signs a digest of 32 bytes, by the same nonce each time (RFC 6979); `nil` for what is no secret.
    package static func sign(_ digest: [UInt8], with secret: [UInt8]) -> EVMSignature? {
        var made = secp256k1_ecdsa_recoverable_signature()
        return withSecrets { context in
            guard digest.count == 32, secret.count == 32,
                secp256k1_ecdsa_sign_recoverable(context, &made, digest, secret, nil, nil) == 1
            else { return nil }
            var (parts, parity) = ([UInt8](repeating: 0, count: 64), Int32(0))
            secp256k1_ecdsa_recoverable_signature_serialize_compact(
                context,
                &parts,
                &parity,
                &made,
            )
            return EVMSignature(
                r: Array(parts[..<32]),
                s: Array(parts[32...]),
                parity: UInt8(parity),
            )
        }
    }

    /// A context of its own for whoever uses a secret, which is seldom.
    private static func withSecrets<Result>(_ body: (OpaquePointer) -> Result?) -> Result? {
        guard let context = secp256k1_context_create(UInt32(SECP256K1_CONTEXT_SIGN)) else {
            return nil
        }
        defer { secp256k1_context_destroy(context) }
        return body(context)
    }

    /// The last 20 bytes of the digest of the key's two numbers.
    private static func address(
        of key: inout secp256k1_pubkey,
        _ context: OpaquePointer,
    ) -> EVMAddress? {
        var (text, length) = ([UInt8](repeating: 0, count: 65), 65)
        secp256k1_ec_pubkey_serialize(
            context,
            &text,
            &length,
            &key,
            UInt32(SECP256K1_EC_UNCOMPRESSED),
        )
        return EVMAddress(bytes: Keccak256.digest(of: text.dropFirst()).suffix(20))
    }

    /// What a wallet signs of a message for people (ERC-191, version `E`).
    package static func digest(ofMessage message: String) -> [UInt8] {
        let start = "\u{19}Ethereum Signed Message:\n\(message.utf8.count)"
        return Keccak256.digest(of: Array(start.utf8) + Array(message.utf8))
    }
}
