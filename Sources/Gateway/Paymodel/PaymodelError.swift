import Deposits
import Forwarding
import Primitives
import Providers
import Watching

/// A failure in the words of paymodel's clients (PM-19…PM-28).
///
/// Their `error` is a text and OpenAI's an object; where both may read, the object is OpenAI's and the
/// rest stands beside it (PM-C9).
struct PaymodelError {
    private let failure: any Failure

    init(_ failure: any Failure) { self.failure = failure }

    var code: String {
        switch failure as? GatewayError {
        case .modelNotFound: return "INVALID_MODEL"
        case .invalidParameter: return "INVALID_REQUEST"
        case .insufficientFunds, .limitReached: return "PAYMENT_REQUIRED"
        case .routeNotFound: return "NOT_FOUND"
        case .internalError: return "SERVER_ERROR"
        default: break
        }
        if failure is RequestError { return "INVALID_REQUEST" }
        if failure is ForwardingError { return "UPSTREAM_ERROR" }
        return failure.code.uppercased()
    }

    /// As the gateway's own, but for a model that is not there (PM-20).
    var status: Int {
        if case .modelNotFound? = failure as? GatewayError { 400 } else { failure.kind.status }
    }

    /// JSON members that stand beside an error object.
    var members: String {
        var members = "\"code\":\(JSONText.quoted(code))"
        if case .insufficientFunds(let shortage, let funding)? = failure as? GatewayError {
            let balance = DecimalText.text(shortage.available.units, decimals: 6)
            members += ",\"balance\":\"\(balance)\""
            if let offer = funding.deposits.first {
                members += ",\"deposit\":\(PaymodelError.deposit(offer))"
                members += ",\"howTo\":[\(PaymodelError.steps(offer))]"
            }
        }
        return members
    }

    /// PM-23.
    private static func deposit(_ offer: DepositOffer) -> String {
        let texts = [
            ("treasury", offer.treasury), ("token", offer.token ?? ""),
            ("tokenName", offer.asset.rawValue), ("chain", offer.chain),
            ("depositCode", offer.depositCode), ("url", offer.url),
        ].map { "\"\($0)\":\(JSONText.quoted($1))" }
        let numbers =
            ["\"decimals\":\(offer.decimals)"] + (offer.chainID.map { ["\"chainId\":\($0)"] } ?? [])
        return "{\((texts + numbers).joined(separator: ","))}"
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
