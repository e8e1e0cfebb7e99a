import HTTPTypes
import Hummingbird

/// Lets browsers ask from the pages that the operator has listed, and from no others.
///
/// Source: the Fetch standard, "HTTP CORS protocol". Nothing is allowed by a mirror of what was asked.
struct CrossOrigin: Sendable {
    let origins: Set<String>

    /// The answer to a question whether a request would be allowed; `nil` for anything else.
    func preflight(_ request: Request) -> Response? {
        guard request.method == .options, let origin = allowed(request),
            request.headers[.accessControlRequestMethod] != nil
        else { return nil }
        return Response(
            status: .noContent,
            headers: [
                .accessControlAllowOrigin: origin, .vary: "Origin",
                .accessControlAllowMethods: "GET, POST, PATCH, DELETE, OPTIONS",
                .accessControlAllowHeaders: CrossOrigin.headers, .accessControlMaxAge: "86400",
            ],
        )
    }

    /// Tells the browser that the page may read the answer.
    func mark(_ response: inout Response, to request: Request) {
        guard !origins.isEmpty else { return }
        response.headers[.vary] = "Origin"
        guard let origin = allowed(request) else { return }
        response.headers[.accessControlAllowOrigin] = origin
        response.headers[.accessControlExposeHeaders] = "*"
    }

    private func allowed(_ request: Request) -> String? {
        request.headers[.origin].flatMap { origins.contains($0) ? $0 : nil }
    }

    private static let headers = """
        Content-Type, Authorization, X-Api-Key, X-Payer, X-Payer-Signature, X-Payer-Time, \
        X-Payer-Nonce, Content-Digest, Idempotency-Key, Anthropic-Version, Anthropic-Beta, \
        X-Admin-Key
        """
}
