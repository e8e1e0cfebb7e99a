package import Primitives

extension FailureKind {
    /// The HTTP status a caller sees.
    package var status: Int {
        switch self {
        case .malformed: 400
        case .unauthenticated: 401
        case .paymentRequired: 402
        case .forbidden: 403
        case .notFound: 404
        case .methodNotAllowed: 405
        case .conflict: 409
        case .tooLarge: 413
        case .exhausted: 429
        case .broken: 500
        case .badUpstream: 502
        case .unavailable: 503
        case .timedOut: 504
        }
    }
}
