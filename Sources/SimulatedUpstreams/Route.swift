import NIOHTTP1

/// What a path asks for; any prefix before `/v1` is accepted.
enum Route: Equatable {
    case chatCompletions
    case messages
    case countTokens
    case models
    case model(String)
    case recordedRequests
    case settings
    case unknown

    init(_ uri: String) {
        let path = uri.prefix { $0 != "?" }
        if path.hasSuffix("/v1/chat/completions") {
            self = .chatCompletions
        } else if path.hasSuffix("/v1/messages") {
            self = .messages
        } else if path.hasSuffix("/v1/messages/count_tokens") {
            self = .countTokens
        } else if path.hasSuffix("/v1/models") {
            self = .models
        } else if path == "/_simulator/requests" {
            self = .recordedRequests
        } else if path == "/_simulator/settings" {
            self = .settings
        } else if let name = Self.modelName(in: path) {
            self = .model(name)
        } else {
            self = .unknown
        }
    }

    private static func modelName(in path: Substring) -> String? {
        guard let range = path.firstRange(of: "/v1/models/") else { return nil }
        let name = path[range.upperBound...]
        return name.isEmpty ? nil : String(name)
    }

    /// The only method a provider's route answers to; nil when there are several or none.
    var method: HTTPMethod? {
        switch self {
        case .chatCompletions, .messages, .countTokens: .POST
        case .models, .model: .GET
        case .recordedRequests, .settings, .unknown: nil
        }
    }

    /// The dialect of an answer on this route.
    func dialect(_ headers: HTTPHeaders) -> Dialect {
        switch self {
        case .chatCompletions: .openAI
        case .messages, .countTokens: .anthropic
        case .models, .model, .recordedRequests, .settings, .unknown: Dialect(headers)
        }
    }
}
