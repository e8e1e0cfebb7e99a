import ChainFormats
import Crypto
import Deposits
import HTTPTypes
import Hummingbird
import Identity
import Ledger
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
        guard request.headers[.xPayer] != nil else {
            return try await authenticateKey(request, context)
        }
        let (account, wallet) = try payer(of: request)
        if presentsKey(request, context) {
            let key = try await authenticateKey(request, context)
            guard try await owner(of: wallet) == key.customer else {
                throw IdentityError.invalidCredential
            }
            return key
        }
        if let head = try signedHead(of: request, account, wallet) {
            let covered = body ?? (request.method == .get ? .empty : .uncovered)
            guard let digest = await digest(of: covered), head.isSigned(coveringBodyOf: digest)
            else { throw IdentityError.invalidCredential }
            // Only what is a customer's is remembered: strangers' wallets cost nothing to make.
            let key = try await payerKey(of: wallet, request, context)
            let use = challenges.spend(head.nonce, of: wallet, until: head.end, at: time.now())
            switch use {
            case .first: return key
            case .again: throw IdentityError.invalidCredential
            case .tooMany: throw GatewayError.rateLimited(wait: SignedHead.tolerance)
            }
        }
        guard settings.takesUnprovenPayers else {
            throw context.parameters.get("token") == nil && request.headers[.authorization] == nil
                ? IdentityError.missingCredential : IdentityError.invalidCredential
        }
        return try await payerKey(of: wallet, request, context)
    }

    /// Who asks, and the body of what is asked, of at most `limit` bytes.
    ///
    /// A key is checked before the body is read, and so is a wallet's signature where the head announces
    /// the body's digest. Else that can only be checked after: until then anybody may have sent it.
    ///
    /// - Throws: as ``authenticate(_:_:_:)`` and ``body(of:_:upTo:in:)``.
    func authenticatedBody(
        of request: Request,
        _ context: GatewayContext,
        upTo limit: Int = .max,
    ) async throws -> (key: Key, body: ByteBuffer) {
        let customer = try await authenticateHead(request, context)
        let mayNeedRoom = context.body.mayNeedRoom && limit > BodyInflow.free
        let room = mayNeedRoom ? try await room(for: customer, request, context) : nil
        defer { room?.giveBack() }
        let body = try await body(of: request, context, upTo: limit, in: room)
        // As the key is now: the body may have taken its time.
        return (try await authenticate(request, context, .read(body)), body)
    }

    /// Where a customer's body has to find room, or nobody's: of all of them together no more is held
    /// than ``GatewaySettings/unprovenBodies``.
    ///
    /// - Returns: `nil` for who has money here, though all of it may be held. Who has none is anybody: keys and
    ///   wallets are free.
    private func room(
        for customer: CustomerID?,
        _ request: Request,
        _ context: GatewayContext,
    ) async throws -> Room? {
        if let customer {
            let funds = try await store.read { try $0.funds(of: customer, solRate: nil) }
            if funds.balances.contains(where: { $0.balance.posted > 0 }) { return nil }
        }
        return unprovenBodies.room(of: clientAddress(of: request, context))
    }

    /// Checks what can be checked before the body is read.
    ///
    /// - Throws: as ``authenticate(_:_:_:)``.
    /// - Returns: whose the request is, as its head proves; `nil` where it does not, or it is nobody's yet.
    private func authenticateHead(
        _ request: Request,
        _ context: GatewayContext,
    ) async throws -> CustomerID? {
        let isSigned = request.headers[.xPayer] != nil && request.headers[.payerSignature] != nil
        guard isSigned, !presentsKey(request, context) else {
            return try await authenticate(request, context).customer
        }
        let (account, wallet) = try payer(of: request)
        let head = try signedHead(of: request, account, wallet)
        guard let isProven = head?.isSignedAsAnnounced else { return nil }
        guard isProven else { throw IdentityError.invalidCredential }
        return try await store.read { try $0.customer(ofWallet: wallet) }
    }

    /// The wallet that `X-Payer` names.
    private func payer(
        of request: Request
    ) throws(GatewayError) -> (SignInMessage.Account, Wallet) {
        let name = request.headers[.xPayer] ?? ""
        guard let account = SignInMessage.Account(name), let wallet = Wallet(name) else {
            throw .invalidParameter("X-Payer")
        }
        return (account, wallet)
    }

    /// What a request says of its signature; `nil` where it has none.
    ///
    /// Whether the wallet is a customer's is not looked at: that is not for everybody to know.
    ///
    /// - Throws: ``IdentityError/invalidCredential`` where it is refused whatever its body is.
    private func signedHead(
        of request: Request,
        _ account: SignInMessage.Account,
        _ wallet: Wallet,
    ) throws(IdentityError) -> SignedHead? {
        guard let signature = request.headers[.payerSignature] else { return nil }
        guard let host = signingHost(of: request),
            let head = SignedHead(request, to: host, account, signature),
            head.isRecent(at: time.now(), since: startedAt),
            !challenges.hasSpent(head.nonce, of: wallet)
        else { throw .invalidCredential }
        return head
    }

    /// The SHA-256 of what a signature covers, in hexadecimal; `nil` where it covers no body that is read.
    private func digest(of body: SignedBody) async -> String? {
        let bytes: ByteBuffer
        switch body {
        case .empty: bytes = ByteBuffer()
        case .read(let buffer): bytes = buffer
        case .uncovered: return nil
        }
        return await reading.read(bytes) {
            Hexadecimal.text(SHA256.hash(data: $0.readableBytesView))
        }
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

extension KeyID {
    /// The same for the same wallet.
    fileprivate init(ofPayer wallet: Wallet) {
        let digest = SHA256.hash(data: Array("payer \(wallet)".utf8))
        self.init("fbx-\(Hexadecimal.text(digest.prefix(6)))")
    }
}
