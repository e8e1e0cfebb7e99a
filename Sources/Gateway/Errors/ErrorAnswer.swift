import Forwarding
import HTTPTypes
package import Hummingbird
import Ledger
import NIOCore
package import Primitives
package import Providers

extension Surface {
    /// The answer that tells of `failure`.
    package func answer(_ failure: any Failure, requestID: String) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = "application/json"
        // Money is not a matter of trying again, nor is a broken gateway a matter of chance.
        if failure.kind == .conflict || failure.kind == .paymentRequired {
            headers[.shouldRetry] = "false"
        }
        if case .insufficientFunds(let shortage, _)? = failure as? GatewayError {
            headers[.balanceRemaining] = shortage.available.description
        }
        headers[.retryAfter] = failure.retryAfter.map { String($0) }
        return Response(
            status: .init(code: status(of: failure)),
            headers: headers,
            body: .init(byteBuffer: ByteBuffer(string: body(failure, requestID: requestID))),
        )
    }

    private func status(of failure: any Failure) -> Int {
        self == .paymodelChat ? PaymodelError(failure, on: self).status : failure.kind.status
    }

    private func body(_ failure: any Failure, requestID: String) -> String {
        switch self {
        case .dialect(let dialect):
            return DialectError(failure, requestID: requestID).body(dialect)
        case .plain: return plainBody(failure, "\"code\":\(JSONText.quoted(failure.code))")
        case .paymodel: return plainBody(failure, PaymodelError(failure, on: self).members)
        case .paymodelChat:
            return DialectError(failure, requestID: requestID)
                .body(.openai, beside: PaymodelError(failure, on: self).members)
        }
    }

    private func plainBody(_ failure: any Failure, _ members: String) -> String {
        let details = failure.details
        return "{\"error\":\(JSONText.quoted(failure.message)),\(members)"
            + (details.isEmpty ? "}" : ",\(details)}")
    }
}

extension DialectError {
    /// The failure as a dialect tells it.
    package init(_ failure: any Failure, requestID: String) {
        self.init(
            kind: failure.kind,
            code: failure.code,
            message: failure.message,
            parameter: failure.parameter,
            details: failure.details,
            requestID: requestID,
        )
    }
}

extension Failure {
    fileprivate var parameter: String? {
        switch self {
        case let error as RequestError: error.parameter
        case GatewayError.modelNotFound as GatewayError: "model"
        default: nil
        }
    }

    /// What a refusal for money tells beyond its sentence, as JSON members: the numbers, the limit
    /// that was hit and how to fund.
    fileprivate var details: String {
        switch self as? GatewayError {
        case .insufficientFunds(let shortage, let funding):
            "\"limit\":\"balance\",\(shortage.members),\"funding\":\(funding.json)"
        case .limitReached(let budget, let shortage, let resetsAt):
            "\"limit\":\"\(budget.spender.noun)_\(budget.window.rawValue)\",\(shortage.members),\"resets_at\":"
                + (resetsAt.map { JSONText.quoted($0.iso8601) } ?? "null")
        default: ""
        }
    }

    /// How long the caller should wait, in whole seconds; `nil` where waiting does not help.
    var retryAfter: Int64? {
        switch self as? GatewayError {
        case .paceExceeded(_, let wait), .rateLimited(let wait): wait.components.seconds + 1
        // A body that comes at all has come by then.
        case .unprovenBodiesFull: 5
        default: nil
        }
    }
}

extension Shortage {
    fileprivate var members: String {
        "\"needed\":\(needed),\"available\":\(available),"
            + "\"affordable_output_tokens\":\(affordableOutput)"
    }
}

extension HTTPField.Name {
    package static let requestID = known("request-id")
    package static let xRequestID = known("x-request-id")
    package static let shouldRetry = known("x-should-retry")
    package static let balanceRemaining = known("x-balance-remaining")
    package static let receipt = known("x-farebox-receipt")
    package static let outputCap = known("x-farebox-output-cap")
}
