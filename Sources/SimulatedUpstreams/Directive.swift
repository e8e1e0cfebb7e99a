/// A setting of a ``SimulatedAnswer`` as it is written in a header or a settings body.
enum Directive: String, CaseIterable {
    case text
    case inputTokens = "input_tokens"
    case outputTokens = "output_tokens"
    case cacheReadTokens = "cache_read_tokens"
    case cacheWrite5mTokens = "cache_write_5m_tokens"
    case cacheWrite1hTokens = "cache_write_1h_tokens"
    case reasoningTokens = "reasoning_tokens"
    case tool
    case headDelay = "delay_head_ms"
    case chunkDelay = "delay_chunk_ms"
    case chunkBytes = "chunk_bytes"
    case status
    case retryAfter = "retry_after"
    case fault
    case usage

    /// The request headers that carry directives, in the order they are applied.
    ///
    /// The last two exist because a gateway passes `openai-*` and `anthropic-*` through.
    static let headerNames = ["x-simulate", "openai-simulate", "anthropic-simulate"]

    init(named name: some StringProtocol) throws(DirectiveError) {
        guard let directive = Directive(rawValue: String(name)) else {
            let known = Directive.allCases.map(\.rawValue).joined(separator: ", ")
            throw DirectiveError("unknown directive '\(name)'; known are \(known)")
        }
        self = directive
    }

    /// Reads a whole number within `range`.
    func number(
        _ value: String,
        in range: ClosedRange<Int> = 0...Int.max,
    ) throws(DirectiveError) -> Int {
        guard let number = Int(value), range.contains(number) else {
            throw refusal(of: value, because: "is not a whole number in \(range)")
        }
        return number
    }

    func refusal(of value: String, because reason: String) -> DirectiveError {
        DirectiveError("\(rawValue)=\(value) \(reason)")
    }
}
