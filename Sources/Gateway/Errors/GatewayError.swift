package import Ledger
package import Pricing
package import Primitives

/// Why the gateway itself refuses a request.
package enum GatewayError: Failure, Hashable {
    /// No rate card row has that name, or none that is served in this dialect; these are served to the
    /// caller, where that was looked up.
    case modelNotFound(among: [Rate] = [])
    /// The balance does not cover the request.
    case insufficientFunds(Shortage, Funding)
    /// A limit of the key, or of its customer, does not cover the request; it begins anew at
    /// `resetsAt`, if it does.
    case limitReached(Budget, Shortage, resetsAt: Timestamp?)
    /// The key is not allowed to use the model.
    case modelNotAllowed
    /// The key's requests or tokens per minute, or what it runs at a time; how long to wait.
    case paceExceeded(String, wait: Duration)
    /// The model takes no pictures, or none whose cost is known.
    case imagesNotPriced
    /// The model's web searches have no price.
    case searchesNotPriced
    case bodyTooLarge(limit: Int)
    /// The body did not arrive in time.
    case bodyTooSlow
    /// Too much is being read of bodies whose senders are not proven, or have nothing to spend.
    case unprovenBodiesFull
    case routeNotFound
    case methodNotAllowed
    /// The request's framing or target is not one we serve.
    case badRequest(String)
    case receiptNotFound
    /// Why a wallet's proof is none.
    case signInRefused(SignInFault)
    /// No chain that is watched has the transaction, or not yet.
    case transactionNotFound(String)
    /// The transaction failed, or pays the treasury nothing that is taken.
    case transactionWithoutDeposit(String)
    /// The transaction is older than the watch of its chain.
    case transactionBeforeWatch(String)
    /// No chain pays out here.
    case withdrawalsOff
    /// Less than the least, which is in micro-USD.
    case withdrawalTooSmall(Amount)
    /// The same `Idempotency-Key` with another body.
    case idempotencyConflict
    /// The request was asked before, and the answer, with this receipt, is not kept to be repeated.
    case answerNotKept(String?)
    /// A query parameter or a field of an operator's request.
    case invalidParameter(String)
    /// A field that no such request has.
    case unknownField(String)
    /// One address, or one customer, asks for this too often; how long to wait.
    case rateLimited(wait: Duration)
    /// Too many inferences at a time.
    case overloaded
    /// The gateway is shutting down.
    case stopping
    /// No rate card is published.
    case noRateCard
    case internalError

    package var code: String {
        switch self {
        case .modelNotFound: "model_not_found"
        case .insufficientFunds: "insufficient_funds"
        case .limitReached(let budget, _, _): "\(budget.spender.noun)_limit_reached"
        case .modelNotAllowed: "model_not_allowed"
        case .paceExceeded: "rate_limited"
        case .imagesNotPriced: "images_not_priced"
        case .searchesNotPriced: "searches_not_priced"
        case .bodyTooLarge: "body_too_large"
        case .bodyTooSlow: "body_too_slow"
        case .unprovenBodiesFull: "unproven_bodies_full"
        case .routeNotFound: "route_not_found"
        case .methodNotAllowed: "method_not_allowed"
        case .badRequest: "bad_request"
        case .receiptNotFound: "receipt_not_found"
        case .signInRefused: "sign_in_refused"
        case .transactionNotFound: "tx_not_found"
        case .transactionWithoutDeposit, .transactionBeforeWatch: "verification_failed"
        case .withdrawalsOff: "withdrawals_off"
        case .withdrawalTooSmall: "withdrawal_too_small"
        case .idempotencyConflict: "idempotency_conflict"
        case .answerNotKept: "answer_not_kept"
        case .invalidParameter, .unknownField: "invalid_parameter"
        case .rateLimited: "rate_limited"
        case .overloaded: "overloaded"
        case .stopping: "stopping"
        case .noRateCard: "no_rate_card"
        case .internalError: "internal_error"
        }
    }

    package var kind: FailureKind {
        switch self {
        case .modelNotFound, .routeNotFound, .receiptNotFound, .transactionNotFound: .notFound
        case .insufficientFunds, .limitReached: .paymentRequired
        case .modelNotAllowed, .withdrawalsOff: .forbidden
        case .withdrawalTooSmall, .imagesNotPriced, .searchesNotPriced, .badRequest,
            .invalidParameter, .unknownField, .bodyTooSlow,
            .transactionWithoutDeposit, .transactionBeforeWatch:
            .malformed
        case .bodyTooLarge: .tooLarge
        case .idempotencyConflict, .answerNotKept: .conflict
        case .methodNotAllowed: .methodNotAllowed
        case .rateLimited, .paceExceeded, .unprovenBodiesFull: .exhausted
        case .overloaded, .stopping, .noRateCard: .unavailable
        case .internalError: .broken
        case .signInRefused(let fault): fault == .malformed ? .malformed : .unauthenticated
        }
    }

    package var message: String {
        switch self {
        case .modelNotFound: "The model does not exist, or is not served on this route."
        case .insufficientFunds(let shortage, _): "insufficient_funds: \(shortage)"
        case .limitReached(let budget, let shortage, _):
            "The \(budget.spender.noun)'s \(budget.window.rawValue) limit is reached: \(shortage)"
        case .modelNotAllowed: "This key may not use this model."
        case .paceExceeded(let limit, _): "The key's limit of \(limit) is reached."
        case .imagesNotPriced: "This model takes no images here."
        case .searchesNotPriced: "This model's web searches have no published price."
        case .bodyTooLarge(let limit): "The body is larger than \(limit) bytes."
        case .bodyTooSlow: "The body did not arrive in time."
        case .unprovenBodiesFull:
            "Too many bodies are being read whose senders are not proven yet, or have nothing to spend; "
                + "ask again."
        case .routeNotFound: "There is no such route."
        case .methodNotAllowed: "This route does not take this method."
        case .badRequest(let sentence): sentence
        case .receiptNotFound: "There is no such receipt."
        case .signInRefused(let fault): fault.rawValue
        case .transactionNotFound: "No chain has this transaction, or not yet; ask again."
        case .transactionWithoutDeposit:
            "The transaction failed, or pays nothing to the treasury that is taken."
        case .transactionBeforeWatch:
            "The transaction is older than what is watched of its chain here; ask the operator."
        case .withdrawalsOff: "Nothing is paid out here; ask the operator."
        case .withdrawalTooSmall(let least):
            "A withdrawal is of \(DecimalText.text(least.units, decimals: 6)) USD at least."
        case .idempotencyConflict: "This Idempotency-Key was used with another body."
        case .answerNotKept(let receipt):
            "This request was asked before, and its answer is not kept to be given again: it was too "
                + "large, made room for others, or broke off. It is charged once"
                + (receipt.map { ", with the receipt \($0)." } ?? ".")
        case .invalidParameter(let name): "\(name) is missing or has a value that is not allowed."
        case .unknownField(let name): "\(name) is an unknown field."
        case .rateLimited: "Too many requests."
        case .overloaded: "The gateway takes no more inferences at the moment."
        case .stopping: "The gateway is shutting down."
        case .noRateCard: "No prices are published."
        case .internalError: "The gateway failed."
        }
    }
}

/// What is wrong with a wallet's proof, in words.
package enum SignInFault: String, Hashable, Sendable {
    case malformed = "The message is not a sign-in message (ERC-4361)."
    case domain = "The message is not for this gateway's domain, which its operator has to publish."
    case expired = "The message's nonce is unknown, used or too old; ask for another challenge."
    case signature = "The wallet has not signed this message."
}

extension Spender {
    /// What it is called in codes and sentences.
    var noun: String {
        switch self {
        case .key: "key"
        case .customer: "customer"
        }
    }
}

/// What a request needs and what there is for it.
package struct Shortage: Hashable, Sendable, CustomStringConvertible {
    /// Micro-USD.
    package let needed: Amount
    /// Micro-USD.
    package let available: Amount
    /// How many tokens of output the available money would buy.
    package let affordableOutput: Int64

    package init(needed: Amount, available: Amount, affordableOutput: Int64) {
        self.needed = needed
        self.available = available
        self.affordableOutput = affordableOutput
    }

    package var description: String {
        "needs \(Shortage.dollars(needed)) USD, \(Shortage.dollars(available)) available, which "
            + "buys at most \(affordableOutput) output tokens"
    }

    private static func dollars(_ amount: Amount) -> String {
        DecimalText.text(amount.units, decimals: 6)
    }
}
