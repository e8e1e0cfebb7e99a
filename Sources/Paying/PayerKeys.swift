package import ChainFormats
import Crypto
import Primitives

/// The secret key of a treasury on EVM chains; it is never printed.
package struct EVMKey: Sendable, CustomStringConvertible {
    private let secret: [UInt8]
    package let address: EVMAddress

    /// Reads 32 bytes of hexadecimal, with or without `0x`; `nil` for anything else.
    package init?(_ text: some StringProtocol) {
        let digits = text.hasPrefix("0x") ? text.dropFirst(2) : text[...]
        guard let secret = Hexadecimal.bytes(digits), secret.count == 32,
            let address = EVMSigner.address(ofSecret: secret)
        else { return nil }
        self.secret = secret
        self.address = address
    }

    package var description: String { "the key of \(address)" }

    /// The bytes that are sent; `nil` where they can not be signed.
    func sign(_ transaction: EVMTransaction) -> [UInt8]? {
        EVMSigner.sign(transaction.digest, with: secret).map { transaction.signed(by: $0) }
    }
}

/// The secret key of a treasury on Solana; it is never printed.
package struct SolanaSigningKey: Sendable, CustomStringConvertible {
    private let seed: [UInt8]
    package let wallet: SolanaKey

    /// Reads what `solana-keygen` writes, a list of 64 numbers, or what wallets export, the same bytes in
    /// Base58; `nil` for anything else.
    ///
    /// The first half is the seed, the second half is the wallet that it is of.
    package init?(_ text: String) {
        guard let bytes = Self.list(text) ?? Base58.bytes(text, count: 64), bytes.count == 64,
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes.prefix(32)),
            Array(key.publicKey.rawRepresentation) == Array(bytes.suffix(32)),
            let wallet = SolanaKey(bytes: bytes.suffix(32))
        else { return nil }
        seed = Array(bytes.prefix(32))
        self.wallet = wallet
    }

    private static func list(_ text: String) -> [UInt8]? {
        guard text.first == "[", text.last == "]" else { return nil }
        let numbers = text.dropFirst().dropLast().split(separator: ",").map { number in
            UInt8(number.filter { !$0.isWhitespace })
        }
        let bytes = numbers.compactMap(\.self)
        return bytes.count == numbers.count ? bytes : nil
    }

    package var description: String { "the key of \(wallet)" }

    /// The signed transaction of a message whose only signer this is; `nil` where it can not be signed.
    func sign(_ message: SolanaMessage) -> SolanaTransaction? {
        guard message.signers == 1, message.keys.first == wallet,
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed),
            let bytes = try? key.signature(for: message.encoded),
            let signature = SolanaSignature(bytes: bytes)
        else { return nil }
        return SolanaTransaction(message, signatures: [signature])
    }
}
