import HTTPTypes
package import Hummingbird
package import Providers

/// Whose manners a route has: in which shape its errors are written.
package enum Surface: Hashable, Sendable {
    case dialect(Dialect)
    /// The Level5 and operator routes: `{"error": message, "code": code}`.
    case plain
    /// The paymodel routes: the same, with codes in capitals.
    case paymodel
    /// OpenAI's dialect for who sends `X-Payer`: its error object, and paymodel's members beside it.
    case paymodelChat

    /// The surface of a request, by its path and, where both dialects share one, its headers.
    package init(_ request: Request) {
        // A route is found with and without a slash at its end.
        let path = Surface.withoutSlash(request.uri.path)
        if path.hasSuffix("/messages") || path.hasSuffix("/messages/count_tokens") {
            self = .dialect(.anthropic)
        } else if path.hasSuffix("/chat/completions") {
            self = request.headers[.xPayer] == nil ? .dialect(.openai) : .paymodelChat
        } else if Surface.paymodelPaths.contains(path) {
            self = .paymodel
        } else if Surface.plainPaths.contains(where: path.hasPrefix)
            || path.hasSuffix("/balance") || path.hasSuffix("/transactions")
        {
            self = .plain
        } else if request.headers[.anthropicVersion] != nil {
            self = .dialect(.anthropic)
        } else {
            // A model that is looked up is OpenAI's alone.
            let isPayers = request.headers[.xPayer] != nil && !path.contains("/models")
            self = isPayers ? .paymodelChat : .dialect(.openai)
        }
    }

    private static func withoutSlash(_ path: String) -> String {
        path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    private static let paymodelPaths: Set = [
        "/v1/deposit", "/v1/balance", "/v1/usage", "/admin/stats",
    ]
    private static let plainPaths = [
        "/v1/register", "/v1/challenge", "/v1/session", "/v1/hooks", "/v1/pricing", "/v1/admin",
        "/v1/receipts", "/v1/withdrawals",
        "/health", "/livez", "/readyz",
        "/metrics",
    ]
}
