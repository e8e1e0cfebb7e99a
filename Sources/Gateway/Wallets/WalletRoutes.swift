import ChainFormats
import Hummingbird
import Identity
import Primitives
import RateLimits

extension GatewayServices {
    /// Proof of a wallet: a message to sign, and a key for who has signed it.
    func addWalletRoutes(to router: Router<GatewayContext>) {
        router.post("/v1/challenge") { request, context in
            let order = try await decoded(
                ChallengeOrder.self,
                request,
                context,
                upTo: JSONRequest.largestShort,
            )
            guard let account = SignInMessage.Account(order.address) else {
                throw GatewayError.invalidParameter("address")
            }
            guard order.chainID?.isWord ?? true else {
                throw GatewayError.invalidParameter("chain_id")
            }
            try admitSignIn(request, context)
            let url = publicURL(of: request)
            return try Response(
                json: try wallets.challenge(
                    account,
                    chainID: order.chainID,
                    host: signingHost(of: request),
                    url: url,
                )
            )
        }
        router.post("/v1/session") { request, context in
            let order = try await decoded(
                SessionOrder.self,
                request,
                context,
                upTo: JSONRequest.largestShort,
            )
            try admitSignIn(request, context)
            // Who is signed in already adds the wallet to the customer that it is.
            let customer =
                presentsCredential(request) ? try await manager(request, context).customer : nil
            let wallet = try await wallets.prove(
                order.message,
                order.signature,
                host: signingHost(of: request),
            )
            return try Response(json: try await wallets.open(wallet, for: customer))
        }
    }

    private var wallets: WalletDesk<Storage> {
        WalletDesk(
            store: store,
            keys: keys,
            chains: chains,
            challenges: challenges,
            time: time,
            identifiers: identifiers,
        )
    }

    /// - Throws: ``GatewayError/rateLimited(wait:)``.
    private func admitSignIn(_ request: Request, _ context: GatewayContext) throws(GatewayError) {
        if let wait = signIns.admit(clientAddress(of: request, context), at: time.now()) {
            throw .rateLimited(wait: wait)
        }
    }
}

private struct ChallengeOrder: Decodable {
    let address: String
    let chainID: String?

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case address
        case chainID = "chain_id"
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        address = try fields.decode(String.self, forKey: .address)
        chainID = try fields.decodeIfPresent(String.self, forKey: .chainID)
        try decoder.refuseUnknown(CodingKeys.self)
    }
}

private struct SessionOrder: Decodable {
    let message: String
    let signature: String

    private enum CodingKeys: String, CodingKey, CaseIterable { case message, signature }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        message = try fields.decode(String.self, forKey: .message)
        signature = try fields.decode(String.self, forKey: .signature)
        try decoder.refuseUnknown(CodingKeys.self)
    }
}

extension String {
    /// Letters, digits and hyphens, a few of them: what may stand in a line of a message.
    fileprivate var isWord: Bool {
        (1...64).contains(utf8.count)
            && utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: ":"):
                    true
                default: false
                }
            }
    }
}
