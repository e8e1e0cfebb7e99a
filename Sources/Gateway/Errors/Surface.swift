import HTTPTypes
package import Hummingbird
package import Providers

/// Whose manners a route has: in which shape its errors are written.
package enum Surface: Hashable, Sendable {
    case dialect(Dialect)
    /// The Level5 and operator routes: `{"error": message, "code": code}`.
    case plain

    /// The surface of a request, by its path and, where both dialects share one, its headers.
    package init(_ request: Request) {
        let path = request.uri.path
        if path.hasSuffix("/messages") || path.hasSuffix("/messages/count_tokens") {
            self = .dialect(.anthropic)
        } else if path.hasSuffix("/chat/completions") {
            self = .dialect(.openai)
        } else if Surface.plainPaths.contains(where: path.hasPrefix)
            || path.hasSuffix("/balance") || path.hasSuffix("/transactions")
        {
            self = .plain
        } else {
            self = .dialect(request.headers[.anthropicVersion] == nil ? .openai : .anthropic)
        }
    }

    private static let plainPaths = [
        "/v1/register", "/v1/pricing", "/v1/admin", "/v1/receipts", "/health", "/livez", "/readyz",
        "/metrics",
    ]
}
