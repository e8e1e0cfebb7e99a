import NIOHTTP1

extension Responder {
    /// The settings after the request's own directives.
    func directed(_ defaults: SimulatedAnswer) throws(ProviderError) -> SimulatedAnswer {
        var answer = defaults
        for name in Directive.headerNames {
            for value in request.head.headers[name] {
                do throws(DirectiveError) {
                    try answer.apply(value)
                } catch {
                    throw ProviderError(400, "\(name): \(error.description)")
                }
            }
        }
        return answer
    }

    func checkRoute() throws(ProviderError) {
        let head = request.head
        guard let method = route.method else {
            let message = "Invalid URL (\(head.method.rawValue) \(head.uri))"
            throw ProviderError(404, dialect == .openAI ? message : "Not Found")
        }
        if head.method != method {
            let message =
                "Not allowed to \(head.method.rawValue) on \(head.uri) (HINT: \(method.rawValue))"
            throw ProviderError(405, message)
        }
        if request.isTooLarge {
            throw ProviderError(413, "Request exceeds the maximum size")
        }
    }

    func checkCredential() throws(ProviderError) {
        let headers = request.head.headers
        switch dialect {
        case .openAI:
            guard let value = headers.first(name: "authorization") else {
                throw ProviderError(401, "You didn't provide an API key.")
            }
            guard value.lowercased().hasPrefix("bearer "), !value.dropFirst(7).trimmed.isEmpty
            else {
                throw ProviderError(401, "Incorrect API key provided.", code: "invalid_api_key")
            }
        case .anthropic:
            guard let key = headers.first(name: "x-api-key") else {
                throw ProviderError(401, "x-api-key header is required")
            }
            if key.isEmpty { throw ProviderError(401, "invalid x-api-key") }
            guard headers.contains(name: "anthropic-version") else {
                throw ProviderError(400, "anthropic-version: header is required")
            }
        }
    }

    func readRequest(isCount: Bool) throws(ProviderError) -> ModelRequest {
        let read = try ModelRequest.read(request.body, dialect)
        try read.validate(dialect, isCount: isCount)
        return read
    }
}
