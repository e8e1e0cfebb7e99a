package import Providers

/// One configured endpoint of a provider, with our credential there.
package struct Upstream: Sendable {
    /// The name that rate cards use, such as `openrouter`.
    package let name: String
    package let dialect: Dialect
    /// As the official SDKs write it, without a slash at its end: OpenAI's ends in `/v1`.
    package let baseURL: String
    /// Secret.
    package let credential: String

    package init(name: String, dialect: Dialect, baseURL: String, credential: String) {
        self.name = name
        self.dialect = dialect
        self.baseURL = baseURL.hasSuffix("/") ? String(baseURL.dropLast()) : baseURL
        self.credential = credential
    }

    /// The field under which this upstream takes an output limit in OpenAI's dialect.
    package var limitField: String {
        dialect == .openai && name == "openai" ? "max_completion_tokens" : "max_tokens"
    }
}

extension Upstream: CustomStringConvertible, CustomDebugStringConvertible {
    /// The name alone: whatever prints an upstream prints no credential.
    package var description: String { name }
    package var debugDescription: String { name }
}
