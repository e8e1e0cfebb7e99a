import ChainFormats
import HTTPTypes
import Hummingbird
import Identity
import Primitives
import Providers

/// The head of a request that a wallet signs.
///
/// Each line of the text that it signs is a part of the request: who is asked, what, with which body,
/// when, and a word that is used once. EVM wallets sign it as a message for people (ERC-191), Solana's
/// sign its bytes.
struct SignedHead {
    /// How far the clocks of two parties may be apart.
    static var tolerance: Duration { .seconds(300) }

    private enum Signature {
        case solana(SolanaKey, SolanaSignature)
        case evm(EVMAddress, EVMSignature)
    }

    let nonce: String
    private let host: String
    private let target: String
    private let time: String
    private let at: Timestamp
    private let signature: Signature
    /// The SHA-256 of the body, as the head announces it, in hexadecimal.
    private let announced: String?

    /// - Returns: `nil` where a part is missing, or has another form than it must have.
    init?(
        _ request: Request,
        to host: String,
        _ account: SignInMessage.Account,
        _ signature: String,
    ) {
        guard let time = request.headers[.payerTime], let at = Timestamp(iso8601: time),
            let nonce = request.headers[.payerNonce], (8...64).contains(nonce.utf8.count)
        else { return nil }
        switch account {
        case .solana(let key):
            guard let signature = SolanaSignature(signature) else { return nil }
            self.signature = .solana(key, signature)
        case .evm(let address):
            guard let bytes = EVMHex.bytes(signature), let signature = EVMSignature(bytes) else {
                return nil
            }
            self.signature = .evm(address, signature)
        }
        target = "\(request.method) \(request.head.path ?? "")"
        (self.host, self.time, self.at, self.nonce) = (host, time, at, nonce)
        announced = ContentDigest.sha256(in: request.headers)
    }

    /// From when on it is taken no more, whoever sends it.
    var end: Timestamp { at.advanced(by: SignedHead.tolerance) }

    /// Whether it was signed not long ago, and since this gateway remembers which words were used.
    func isRecent(at now: Timestamp, since start: Timestamp) -> Bool {
        at >= start && at > now.advanced(by: .zero - SignedHead.tolerance)
            && at < now.advanced(by: SignedHead.tolerance)
    }

    /// Whether the wallet has signed it with the body that it announces; `nil` where only the body tells.
    var isSignedAsAnnounced: Bool? { announced.map(isSigned(coveringBodyOf:)) }

    /// Whether the wallet has signed it with the body that has this SHA-256, in hexadecimal, and no other
    /// one is announced.
    func isSigned(coveringBodyOf digest: String) -> Bool {
        guard announced == nil || announced == digest else { return false }
        let text = """
            Farebox request
            \(host)
            \(target)
            \(digest)
            \(time)
            \(nonce)
            """
        return switch signature {
        case .solana(let key, let signature): key.hasSigned(Array(text.utf8), signature)
        case .evm(let address, let signature):
            EVMSigner.signer(of: EVMSigner.digest(ofMessage: text), signature) == address
        }
    }
}

extension HTTPField.Name {
    static let xPayer = known("x-payer")
    static let payerSignature = known("x-payer-signature")
    static let payerTime = known("x-payer-time")
    static let payerNonce = known("x-payer-nonce")
}
