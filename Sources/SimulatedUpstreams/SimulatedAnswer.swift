/// The settings of one simulated answer.
///
/// Everything has a default: `SimulatedAnswer()` is a short sentence with truthful usage. Each setting has a directive
/// of the same name (see ``apply(_:)``).
package struct SimulatedAnswer: Sendable, Equatable {
    /// The words of the answer; nil is a sentence of ours, or `outputTokens` generated words.
    package var text: String?
    /// Input tokens that neither came from nor went into the cache; nil derives them from the request.
    package var inputTokens: Int?
    /// All output tokens of one choice, reasoning included; nil is one per word of the text plus the reasoning.
    package var outputTokens: Int?
    /// Input tokens read from the cache.
    package var cacheReadTokens: Int
    /// Input tokens written to the cache for five minutes.
    package var cacheWrite5mTokens: Int
    /// Input tokens written to the cache for one hour.
    package var cacheWrite1hTokens: Int
    /// The part of `outputTokens` that nobody sees.
    package var reasoningTokens: Int
    /// Whether to call the first tool of the request, when it has one, instead of speaking.
    package var callsTool: Bool
    /// How long to wait before the head of the answer.
    package var headDelay: Duration
    /// How long to wait between two pieces of the body.
    package var chunkDelay: Duration
    /// Re-cuts the body into pieces of so many bytes, each a chunk of its own and flushed apart; nil cuts at events.
    package var chunkBytes: Int?
    /// The status of an error answer, 400 to 599; nil answers the request.
    package var status: Int?
    /// Seconds for the `retry-after` header.
    package var retryAfter: Int?
    /// What goes wrong.
    package var fault: SimulatedFault?
    /// How the usage is told.
    package var usage: SimulatedUsageForm

    package init(
        text: String? = nil,
        inputTokens: Int? = nil,
        outputTokens: Int? = nil,
        cacheReadTokens: Int = 0,
        cacheWrite5mTokens: Int = 0,
        cacheWrite1hTokens: Int = 0,
        reasoningTokens: Int = 0,
        callsTool: Bool = false,
        headDelay: Duration = .zero,
        chunkDelay: Duration = .zero,
        chunkBytes: Int? = nil,
        status: Int? = nil,
        retryAfter: Int? = nil,
        fault: SimulatedFault? = nil,
        usage: SimulatedUsageForm = .truthful,
    ) {
        self.text = text
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.cacheReadTokens = cacheReadTokens
        self.cacheWrite5mTokens = cacheWrite5mTokens
        self.cacheWrite1hTokens = cacheWrite1hTokens
        self.reasoningTokens = reasoningTokens
        self.callsTool = callsTool
        self.headDelay = headDelay
        self.chunkDelay = chunkDelay
        self.chunkBytes = chunkBytes
        self.status = status
        self.retryAfter = retryAfter
        self.fault = fault
        self.usage = usage
    }
}
