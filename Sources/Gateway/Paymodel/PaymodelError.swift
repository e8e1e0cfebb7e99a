import Deposits
import Forwarding
import Identity
import NIOCore
import Pricing
import Primitives
import Providers
import Watching

/// A failure in the words of paymodel's clients (PM-19…PM-28).
///
/// Their `error` is a text and OpenAI's an object; where both may read, the object is OpenAI's and the
/// rest stands beside it (PM-C9).
struct PaymodelError {
    private let failure: any Failure
    private let surface: Surface

    init(_ failure: any Failure, on surface: Surface) {
        self.failure = failure
        self.surface = surface
    }

    private var code: String {
        switch failure as? GatewayError {
        case .modelNotFound: return "INVALID_MODEL"
        case .invalidParameter, .unknownField: return "INVALID_REQUEST"
        case .insufficientFunds, .limitReached: return "PAYMENT_REQUIRED"
        case .routeNotFound: return "NOT_FOUND"
        case .internalError: return "SERVER_ERROR"
        default: break
        }
        if case .missingCredential? = failure as? IdentityError { return "MISSING_PAYER" }
        if failure is RequestError { return "INVALID_REQUEST" }
        if failure is ForwardingError { return "UPSTREAM_ERROR" }
        return failure.code.uppercased()
    }

    /// As the gateway's own, but for a model that is not there (PM-20).
    var status: Int {
        if case .modelNotFound? = failure as? GatewayError { 400 } else { failure.kind.status }
    }

    /// JSON members that stand beside an error object, the code first.
    var members: String {
        let all = [("code", JSONText.quoted(code))] + more
        return all.map { "\"\($0)\":\($1)" }.joined(separator: ",")
    }

    /// What each code tells beside itself: names, and their values as JSON.
    private var more: [(String, String)] {
        switch failure as? GatewayError {
        case .insufficientFunds(let shortage, let funding):
            return PaymodelError.payment(shortage, funding)
        case .modelNotFound(let served): return [("available", PaymodelError.list(served))]
        case .routeNotFound: return [("endpoints", PaymodelError.endpoints)]
        case .transactionNotFound(let hash), .transactionWithoutDeposit(let hash),
            .transactionBeforeWatch(let hash):
            return [("txHash", JSONText.quoted(hash))]
        case .invalidParameter(let name), .unknownField(let name):
            return [("expected", expected(name))]
        default: break
        }
        if let wait = failure.retryAfter { return [("retryAfter", "\"\(wait)\"")] }
        if case .missingCredential? = failure as? IdentityError { return PaymodelError.proof }
        return failure is RequestError ? [("expected", expected(nil))] : []
    }

    /// PM-19: paymodel's clients think that a name is enough.
    private static let proof = [
        (
            "message",
            JSONText.quoted(
                "Send X-Payer with a key of the wallet's, or a signature of the request."
            ),
        ),
        (
            "example",
            JSONText.quoted(
                "X-Payer: 0x… and Authorization: Bearer KEY, which POST /v1/session gives."
            ),
        ),
    ]

    /// PM-9 and PM-25: the routes that paymodel's clients know.
    private static let endpoints =
        "["
        + [
            "GET /health", "GET /v1/models", "POST /v1/deposit", "GET /v1/balance",
            "POST /v1/chat/completions", "GET /v1/usage", "GET /admin/stats",
        ].map(JSONText.quoted).joined(separator: ",") + "]"

    /// PM-21: what the field, or the body, should have been like.
    private func expected(_ parameter: String?) -> String {
        if parameter == "X-Payer" { return #"{"X-Payer":"0x and 40 hexadecimal digits"}"# }
        return surface == .paymodel
            ? #"{"txHash":"0x…"}"#
            : #"{"model":"…","messages":[{"role":"user","content":"…"}]}"#
    }

    /// PM-20.
    private static func list(_ rates: [Rate]) -> String {
        let models = rates.map { rate in
            let name = rate.aliases.first ?? rate.model
            return "{\"id\":\(JSONText.quoted(rate.model)),\"name\":\(JSONText.quoted(name)),"
                + "\"togetherId\":\(JSONText.quoted(rate.upstreamModel))}"
        }
        return "[\(models.joined(separator: ","))]"
    }

    private static func payment(_ shortage: Shortage, _ funding: Funding) -> [(String, String)] {
        let balance = DecimalText.text(shortage.available.units, decimals: 6)
        guard let offer = funding.deposits.first else { return [("balance", "\"\(balance)\"")] }
        return [
            ("balance", "\"\(balance)\""), ("deposit", deposit(offer)),
            ("howTo", "[\(steps(offer))]"),
        ]
    }

    /// What stands beside an upstream's own refusal (PM-26, PM-28); its status is passed on.
    static func ofUpstream(_ status: Int, _ retryAfter: String?) -> String {
        status == 429
            ? "\"code\":\"UPSTREAM_RATE_LIMITED\",\"retryAfter\":\(JSONText.quoted(retryAfter ?? "5"))"
            : "\"code\":\"UPSTREAM_ERROR\",\"upstreamStatus\":\(status)"
    }

    /// PM-23.
    private static func deposit(_ offer: DepositOffer) -> String {
        let texts =
            [
                ("treasury", offer.treasury), ("token", offer.token ?? ""),
                ("tokenName", offer.asset.rawValue), ("chain", offer.chain),
                ("depositCode", offer.depositCode), ("url", offer.url),
            ] + (offer.rpc.map { [("rpc", $0)] } ?? [])
        let members = texts.map { "\"\($0)\":\(JSONText.quoted($1))" }
        let numbers =
            ["\"decimals\":\(offer.decimals)"] + (offer.chainID.map { ["\"chainId\":\($0)"] } ?? [])
        return "{\((members + numbers).joined(separator: ","))}"
    }

    private static func steps(_ offer: DepositOffer) -> String {
        let amount = offer.amount.map { "\($0) " } ?? ""
        return [
            "Pay \(amount)\(offer.asset.rawValue) on \(offer.chain) to \(offer.treasury); the url fills everything in.",
            "Name your deposit code where the transfer takes one, or pay from a wallet that you have proven.",
            "Ask again once it is final, or POST its hash to /v1/deposit as txHash to have it looked at now.",
        ].map(JSONText.quoted).joined(separator: ",")
    }
}

extension ByteBuffer {
    /// This error answer, which is JSON, as its `error` with other members beside it; all of it is the error
    /// where it has none.
    func besideError(_ members: String) -> ByteBuffer {
        let error = withUnsafeReadableBytes { bytes -> String? in
            var (cursor, found) = (JSONCursor(bytes), nil as Range<Int>?)
            do throws(JSONError) {
                try cursor.object { cursor, key throws(JSONError) in
                    let place = try cursor.skip()
                    if "error" ~= key { found = place }
                }
            } catch {
                return nil
            }
            return String(decoding: bytes[found ?? 0..<bytes.count], as: UTF8.self)
        }
        return error.map { ByteBuffer(string: "{\"error\":\($0),\(members)}") } ?? self
    }
}
