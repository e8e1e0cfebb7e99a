import ChainFormats
import Deposits
import Identity
import Ledger
import Primitives
import Watching

/// What wallets prove, and what that opens.
struct WalletDesk<Storage: GatewayStore>: Sendable {
    /// How long a key lasts that a wallet has signed for.
    private static var session: Duration { .seconds(30 * 86_400) }

    let store: Storage
    let keys: KeyDesk<Storage>
    let chains: [WatchedChain]
    let challenges: Challenges
    let time: TimeSource
    let identifiers: IdentifierSource

    /// A message for a wallet to sign, with a nonce of ours.
    ///
    /// - Throws: ``GatewayError/overloaded``; ``GatewayError/signInRefused(_:)`` where no host is known.
    func challenge(
        _ account: SignInMessage.Account,
        chainID: String?,
        host: String?,
        url: String,
    ) throws(GatewayError) -> ChallengeAnswer {
        guard let host else { throw .signInRefused(.domain) }
        let now = time.now()
        let nonce = identifiers.secret(bytes: 16)
        let end = try challenges.issue(nonce, at: now)
        let message = SignInMessage(
            domain: host,
            account: account,
            statement: "Sign in to Farebox. This costs nothing and moves no money.",
            uri: url,
            chainID: chainID ?? defaultChainID(of: account),
            nonce: nonce,
            issuedAt: now,
            expiresAt: end,
        )
        return ChallengeAnswer(message: message.text, nonce: nonce, expiresAt: end.iso8601)
    }

    private func defaultChainID(of account: SignInMessage.Account) -> String {
        switch account {
        case .solana: return "mainnet"
        case .evm:
            for chain in chains {
                if case .evm(let id, _) = chain.rail.network { return String(id) }
            }
            return "1"
        }
    }

    /// Checks that a wallet has signed a message of ours, whose nonce is then used up.
    ///
    /// - Throws: ``GatewayError/signInRefused(_:)``; `RPCFailure` where a contract's chain can not be asked.
    /// - Returns: the wallet, as the books name it.
    func prove(_ text: String, _ signature: String, host: String?) async throws -> Wallet {
        let now = time.now()
        guard let message = SignInMessage(text) else {
            throw GatewayError.signInRefused(.malformed)
        }
        guard message.domain == host else {
            throw GatewayError.signInRefused(.domain)
        }
        guard message.isValid(at: now), challenges.redeem(message.nonce, at: now) else {
            throw GatewayError.signInRefused(.expired)
        }
        guard let wallet = try await signer(of: text, message, signature) else {
            throw GatewayError.signInRefused(.signature)
        }
        return wallet
    }

    private func signer(
        of text: String,
        _ message: SignInMessage,
        _ signature: String,
    ) async throws -> Wallet? {
        switch message.account {
        case .solana(let key):
            guard let signature = SolanaSignature(signature),
                key.hasSigned(Array(text.utf8), signature)
            else { return nil }
            return Wallet("\(key)")
        case .evm(let address):
            guard let bytes = EVMHex.bytes(signature) else { return nil }
            let digest = EVMSigner.digest(ofMessage: text)
            if let read = EVMSignature(bytes), EVMSigner.signer(of: digest, read) == address {
                return Wallet("\(address)")
            }
            guard let chain = chains.first(where: { $0.rail.isNumbered(message.chainID) }),
                let contractSigns = chain.contractSigns,
                try await contractSigns(address, digest, bytes)
            else { return nil }
            return Wallet("\(address)")?.on(chain.rail.chain)
        }
    }

    /// A key for whom a wallet belongs to: the customer that has it, else `customer`, else a new one.
    ///
    /// The wallet is bound from now on, and deposits that came from it are credited.
    ///
    /// - Throws: `DepositError.walletBoundToAnother` where `customer` is not the one that has it;
    ///   nothing is written.
    func open(_ wallet: Wallet, for customer: CustomerID?) async throws -> SessionAnswer {
        let now = time.now()
        let end = now.advanced(by: WalletDesk.session)
        var settings = KeySettings()
        settings.label = "\(wallet)"
        settings.managesKeys = true
        settings.expiresAt = end
        let (keys, stranger) = (keys, keys.newCustomer(at: now))
        let answer = try await store.write(.durable) { [settings] transaction in
            let bound = try transaction.customer(ofWallet: wallet)
            if let bound, let customer, bound != customer {
                throw DepositError.walletBoundToAnother
            }
            let owner = bound ?? customer ?? stranger.id
            let (key, secret) = keys.newKey(of: owner, settings, at: now)
            if owner == stranger.id {
                try transaction.register(stranger, key)
            } else {
                try transaction.add(key)
            }
            try transaction.bind(wallet, to: owner, at: now)
            return SessionAnswer(
                apiKey: secret.text,
                customer: "\(owner)",
                wallet: "\(wallet)",
                isNew: owner == stranger.id,
                expiresAt: end.iso8601,
            )
        }
        // Again each time: a gateway may have stopped before it came to all.
        try await adopt(wallet)
        return answer
    }

    /// Credits what came from the wallet before anybody knew whose it is.
    private func adopt(_ wallet: Wallet) async throws {
        let (now, size) = (time.now(), DepositDesk<Storage>.largestPage)
        var last: DepositID?
        while true {
            let after = last
            let page = try await store.write(.durable) { transaction in
                let page = try transaction.deposits(in: .suspended, after: after, limit: size)
                _ = try transaction.adopt(wallet, from: page, at: now)
                return page
            }
            guard page.count == size else { return }
            last = page.last?.id
        }
    }
}

/// What a wallet is asked to sign.
struct ChallengeAnswer: Encodable {
    let message: String
    let nonce: String
    let expiresAt: String
}

/// What a wallet's signature opens.
struct SessionAnswer: Encodable {
    /// A key that may manage the customer's other ones.
    let apiKey: String
    let customer: String
    let wallet: String
    /// Whether the customer began with this.
    let isNew: Bool
    let expiresAt: String
}
