import ChainFormats
import Crypto
import Deposits
import HTTPTypes
import Hummingbird
import Identity
import NIOCore
import Primitives
import Providers
import RateLimits
import Watching

/// What of a request a wallet's signature covers beside its head.
enum SignedBody {
    /// The request has none.
    case empty
    case read(ByteBuffer)
    /// The route takes no signature: it reads a body that is not covered.
    case uncovered
}

extension GatewayServices {
    /// Whose money a request may spend: a key's, or a wallet's.
    ///
    /// `X-Payer` alone proves nothing. With a key it must name a wallet of the key's customer; without
    /// one the wallet has to have signed the request, unless the operator takes payers at their word.
    ///
    /// - Throws: ``IdentityError/missingCredential``; ``IdentityError/invalidCredential``, whichever of
    ///   the key and the wallet is wrong; ``GatewayError/invalidParameter(_:)`` for what is no address;
    ///   ``GatewayError/rateLimited(wait:)`` for a wallet that signs too much.
    func authenticate(
        _ request: Request,
        _ context: GatewayContext,
        _ body: SignedBody? = nil,
    ) async throws -> Key {
        guard let payer = request.headers[.xPayer] else {
            return try await authenticateKey(request, context)
        }
        guard let account = SignInMessage.Account(payer), let wallet = Wallet(payer) else {
            throw GatewayError.invalidParameter("X-Payer")
        }
        if presentsKey(request, context) {
            let key = try await authenticateKey(request, context)
            guard try await owner(of: wallet) == key.customer else {
                throw IdentityError.invalidCredential
            }
            return key
        }
        if let signature = request.headers[.payerSignature] {
            let covered = body ?? (request.method == .get ? .empty : .uncovered)
            guard let host = signingHost(of: request) else { throw IdentityError.invalidCredential }
            let signed = try SignedRequest(request, to: host, account, covered)
            guard signed.isSigned(by: signature), signed.isRecent(at: time.now(), since: startedAt)
            else { throw IdentityError.invalidCredential }
            // Only what is a customer's is remembered: strangers' wallets cost nothing to make.
            let key = try await payerKey(of: wallet, request, context)
            let use = challenges.spend(signed.nonce, of: wallet, until: signed.end, at: time.now())
            switch use {
            case .first: return key
            case .again: throw IdentityError.invalidCredential
            case .tooMany: throw GatewayError.rateLimited(wait: SignedRequest.tolerance)
            }
        }
        guard settings.takesUnprovenPayers else {
            throw context.parameters.get("token") == nil && request.headers[.authorization] == nil
                ? IdentityError.missingCredential : IdentityError.invalidCredential
        }
        return try await payerKey(of: wallet, request, context)
    }

    /// Checks what can be checked before a body is read that a signature covers.
    ///
    /// - Throws: as ``authenticate(_:_:_:)``.
    func authenticateHead(_ request: Request, _ context: GatewayContext) async throws {
        let isSigned = request.headers[.xPayer] != nil && request.headers[.payerSignature] != nil
        guard !isSigned || presentsKey(request, context) else { return }
        _ = try await authenticate(request, context)
    }

    private func owner(of wallet: Wallet) async throws -> CustomerID? {
        let names = [wallet] + settings.rails.compactMap { wallet.on($0.chain) }
        return try await store.read { transaction in
            for name in names {
                if let owner = try transaction.customer(ofWallet: name) { return owner }
            }
            return nil
        }
    }

    /// The key under which a wallet's own requests run; nobody has its secret.
    ///
    /// A wallet that is new here gets a customer, as by ``WalletDesk``. Its owner finds the key in the
    /// list of keys, and can limit or revoke it.
    private func payerKey(
        of wallet: Wallet,
        _ request: Request,
        _ context: GatewayContext,
    ) async throws -> Key {
        let (now, id) = (time.now(), KeyID(ofPayer: wallet))
        let (bound, known) = try await store.read { transaction in
            (try transaction.customer(ofWallet: wallet), try transaction.key(id))
        }
        if bound == nil {
            let address = clientAddress(of: request, context)
            if let wait = registrations.admit(address, at: now) {
                throw GatewayError.rateLimited(wait: wait)
            }
        }
        if let known {
            guard known.customer == bound, known.isValid(at: now) else {
                throw IdentityError.invalidCredential
            }
            return known
        }
        let (keys, stranger) = (keys, keys.newCustomer(at: now))
        return try await store.write(.durable) { transaction in
            // Another request may have been first.
            let bound = try transaction.customer(ofWallet: wallet)
            if let key = try transaction.key(id) {
                guard key.customer == bound else { throw IdentityError.invalidCredential }
                return key
            }
            let key = keys.payerKey(id, of: bound ?? stranger.id, name: "\(wallet)", at: now)
            if bound == nil {
                try transaction.register(stranger, key)
            } else {
                try transaction.add(key)
            }
            try transaction.bind(wallet, to: key.customer, at: now)
            return key
        }
    }
}

/// A request as a wallet signs it.
///
/// Each line of the text is one of its parts: who is asked, what, with which body, when, and a word that
/// is used once. EVM wallets sign it as a message for people (ERC-191), Solana's sign its bytes.
struct SignedRequest {
    /// How far the clocks of two parties may be apart.
    static var tolerance: Duration { .seconds(300) }

    let text: String
    let nonce: String
    private let at: Timestamp
    private let account: SignInMessage.Account

    /// - Throws: ``IdentityError/invalidCredential`` where a part is missing, or the route reads a body
    ///   that is not covered.
    init(
        _ request: Request,
        to host: String,
        _ account: SignInMessage.Account,
        _ body: SignedBody,
    ) throws(IdentityError) {
        let bytes: ByteBuffer
        switch body {
        case .empty: bytes = ByteBuffer()
        case .read(let buffer): bytes = buffer
        case .uncovered: throw .invalidCredential
        }
        guard let time = request.headers[.payerTime], let at = Timestamp(iso8601: time),
            let nonce = request.headers[.payerNonce], (8...64).contains(nonce.utf8.count)
        else { throw .invalidCredential }
        let digest = Hexadecimal.text(SHA256.hash(data: bytes.readableBytesView))
        text = """
            Farebox request
            \(host)
            \(request.method) \(request.head.path ?? "")
            \(digest)
            \(time)
            \(nonce)
            """
        (self.nonce, self.at, self.account) = (nonce, at, account)
    }

    /// From when on it is taken no more, whoever sends it.
    var end: Timestamp { at.advanced(by: SignedRequest.tolerance) }

    func isSigned(by signature: String) -> Bool {
        switch account {
        case .solana(let key):
            SolanaSignature(signature).map { key.hasSigned(Array(text.utf8), $0) } ?? false
        case .evm(let address):
            EVMHex.bytes(signature).flatMap { EVMSignature($0) }.flatMap {
                EVMSigner.signer(of: EVMSigner.digest(ofMessage: text), $0)
            } == address
        }
    }

    /// Whether it was signed not long ago, and since this gateway remembers which words were used.
    func isRecent(at now: Timestamp, since start: Timestamp) -> Bool {
        at >= start && at > now.advanced(by: .zero - SignedRequest.tolerance)
            && at < now.advanced(by: SignedRequest.tolerance)
    }
}

extension KeyID {
    /// The same for the same wallet.
    fileprivate init(ofPayer wallet: Wallet) {
        let digest = SHA256.hash(data: Array("payer \(wallet)".utf8))
        self.init("fbx-\(Hexadecimal.text(digest.prefix(6)))")
    }
}

extension HTTPField.Name {
    static let xPayer = known("x-payer")
    static let payerSignature = known("x-payer-signature")
    static let payerTime = known("x-payer-time")
    static let payerNonce = known("x-payer-nonce")
}
