package import Primitives

/// Why an upstream gave no answer, or not a whole one.
package enum ForwardingError: Failure, Hashable {
    /// No connection could be made.
    case unreachable
    /// The connection ended before the answer did.
    case brokenOff
    /// What came is not HTTP, or not an answer in the dialect.
    case malformed
    /// It answered with a redirect, which is never followed.
    case redirected
    /// It compressed an answer that it was asked to leave alone.
    case compressed
    /// It sent more than is taken in one piece.
    case tooLarge
    /// It refused our own credential or account.
    case refusedUs
    /// It took too long to connect, to answer, to go on, or over all.
    case timedOut
    /// A rate names an upstream that has no credential here.
    case notConfigured

    package var code: String {
        switch self {
        case .unreachable: "upstream_unreachable"
        case .brokenOff: "upstream_broke_off"
        case .malformed: "upstream_malformed"
        case .redirected: "upstream_redirected"
        case .compressed: "upstream_compressed"
        case .tooLarge: "upstream_too_large"
        case .refusedUs: "upstream_refused_gateway"
        case .timedOut: "upstream_timed_out"
        case .notConfigured: "upstream_not_configured"
        }
    }

    package var kind: FailureKind {
        switch self {
        case .unreachable, .brokenOff, .malformed, .redirected, .compressed, .tooLarge, .refusedUs:
            .badUpstream
        case .timedOut: .timedOut
        case .notConfigured: .unavailable
        }
    }

    package var message: String {
        switch self {
        case .unreachable: "The upstream could not be reached."
        case .brokenOff: "The upstream closed the connection before its answer was whole."
        case .malformed: "The upstream's answer is not valid."
        case .redirected: "The upstream answered with a redirect, which is not followed."
        case .compressed: "The upstream's answer is compressed, which was not asked for."
        case .tooLarge: "The upstream's answer is larger than this gateway takes."
        case .refusedUs: "The upstream refused this gateway."
        case .timedOut: "The upstream took too long."
        case .notConfigured: "The upstream of this model is not configured here."
        }
    }
}
