/// A wire format that agents and upstreams speak.
package enum Dialect: String, Hashable, Sendable, CaseIterable {
    /// OpenAI chat completions.
    case openai
    /// Anthropic messages.
    case anthropic
}
