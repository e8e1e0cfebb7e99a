/// What a caller can do about a failure, independent of HTTP or the command line.
package enum FailureKind: Sendable, CaseIterable {
    /// The request cannot be understood or is not allowed in this form.
    case malformed
    /// The request is larger than this gateway takes.
    case tooLarge
    /// No valid credential.
    case unauthenticated
    /// Money: the balance or a limit does not cover it.
    case paymentRequired
    /// A valid credential that may not do this.
    case forbidden
    /// No such thing.
    case notFound
    /// The thing exists, but does not answer to this method.
    case methodNotAllowed
    /// The same id with other content.
    case conflict
    /// Too often; later is fine.
    case exhausted
    /// We are broken.
    case broken
    /// The upstream answered badly or not at all.
    case badUpstream
    /// We cannot serve this now: a store, a price or a secret is missing.
    case unavailable
    /// The upstream took too long.
    case timedOut
}

/// A failure the outside world may see.
package protocol Failure: Error, Sendable {
    /// The stable, lower_snake_case code clients match on. Never renamed once released.
    var code: String { get }
    /// What the caller can do about it.
    var kind: FailureKind { get }
    /// One sentence for a person; free of secrets and of anything a client sent.
    var message: String { get }
}
