package import HTTPTypes

extension Dialect {
    /// What is asked of an upstream.
    package enum Operation: Hashable, Sendable {
        /// An answer that is metered and charged.
        case inference
        /// How many tokens a request has; free.
        case countTokens
    }

    /// The path of an operation, to be appended to an upstream's base URL as the official SDKs
    /// write it: OpenAI's ends in `/v1`, Anthropic's does not.
    package func path(_ operation: Operation) -> String {
        switch (self, operation) {
        case (.openai, _): "/chat/completions"
        case (.anthropic, .inference): "/v1/messages"
        case (.anthropic, .countTokens): "/v1/messages/count_tokens"
        }
    }

    /// The headers of a request to an upstream: what passes of the agent's, our credential, and
    /// what the dialect demands.
    ///
    /// No compression: usage is read off the bytes as they come.
    package func upstreamHeaders(agent: HTTPFields, credential: String) -> HTTPFields {
        var fields = relayedHeaders(agent: agent)
        for field in ownHeaders(credential: credential) { fields[field.name] = field.value }
        return fields
    }

    /// The part of ``upstreamHeaders(agent:credential:)`` that is the same in each request; none of
    /// them can be an agent's.
    package func ownHeaders(credential: String) -> HTTPFields {
        var fields: HTTPFields = [.contentType: "application/json", .acceptEncoding: "identity"]
        switch self {
        case .openai: fields[.authorization] = "Bearer \(credential)"
        case .anthropic: fields[.xAPIKey] = credential
        }
        return fields
    }

    /// The part of ``upstreamHeaders(agent:credential:)`` that depends on the agent.
    package func relayedHeaders(agent: HTTPFields) -> HTTPFields {
        var fields = RelayedHeaders.upstream(agent)
        switch self {
        case .openai: break
        case .anthropic:
            if fields[.anthropicVersion] == nil { fields[.anthropicVersion] = "2023-06-01" }
        }
        return fields
    }
}

extension HTTPField.Name {
    package static let xAPIKey = known("x-api-key")
    package static let anthropicVersion = known("anthropic-version")

    /// A name that is written in our own source.
    package static func known(_ name: String) -> HTTPField.Name {
        guard let field = HTTPField.Name(name) else {
            preconditionFailure("\(name) is not a header's name")
        }
        return field
    }
}
