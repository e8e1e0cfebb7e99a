/// What one answer will say and cost: the settings and the request brought together.
struct AnswerPlan {
    /// The number of the request; ids are made of it.
    let number: Int
    let model: String
    let choices: Int
    /// The deltas of one choice: its text, or the arguments of its tool call.
    let pieces: [Substring]
    /// The tool to call instead of speaking.
    let toolName: String?
    /// Whether the limit of the request cut the answer.
    let isCut: Bool
    /// The tokens of all choices.
    let tokens: SentTokens
    let usage: SimulatedUsageForm
    /// Whether an OpenAI stream tells its usage.
    let includesUsage: Bool

    init(_ request: ModelRequest, _ answer: SimulatedAnswer, number: Int, dialect: Dialect) {
        let tool = answer.callsTool ? request.firstToolName : nil
        let limit = answer.fault == .ignoreMaxTokens ? nil : request.outputLimit
        let output = Output(answer, callsTool: tool != nil, limit: limit)
        self.number = number
        model = request.model
        choices = dialect == .openAI ? request.n ?? 1 : 1
        pieces = output.pieces
        toolName = tool
        isCut = output.isCut
        tokens = SentTokens(
            input: answer.inputTokens ?? request.derivedInputTokens,
            output: output.tokens * choices,
            cacheRead: answer.cacheReadTokens,
            cacheWrite5m: answer.cacheWrite5mTokens,
            cacheWrite1h: answer.cacheWrite1hTokens,
            reasoning: output.reasoning * choices,
        )
        usage = answer.usage
        includesUsage = request.includesUsage
    }

    /// The unix second an answer claims to be from; a simulator has no clock.
    var created: Int { 1_760_000_000 + number }

    /// The tokens told as usage, in order; nil is told as null.
    var tellings: [SentTokens?] {
        switch usage {
        case .missing: return []
        case .null: return [nil]
        case .twice: return [tokens, tokens]
        case .decreasing:
            var more = tokens
            more.output = 2 * tokens.output + 1
            return [more, tokens]
        case .truthful, .negative, .fractional, .string, .huge, .everyChunk: return [tokens]
        }
    }

    /// The tokens counted when `pieces` deltas of all choices are out.
    func running(_ pieces: Int) -> SentTokens {
        var count = tokens
        count.output = min(tokens.output, tokens.reasoning + pieces)
        return count
    }
}

extension AnswerPlan {
    /// The deltas and tokens of one choice.
    private struct Output {
        let pieces: [Substring]
        let tokens: Int
        let reasoning: Int
        let isCut: Bool

        init(_ answer: SimulatedAnswer, callsTool: Bool, limit: Int?) {
            let visible = answer.outputTokens.map { max(0, $0 - answer.reasoningTokens) }
            let all = Self.pieces(answer.text, visible: visible, callsTool: callsTool)
            let wanted = answer.outputTokens ?? all.count + answer.reasoningTokens
            tokens = min(wanted, limit ?? .max)
            reasoning = min(answer.reasoningTokens, tokens)
            isCut = tokens < wanted
            pieces = isCut ? Array(all.prefix(tokens - reasoning)) : all
        }

        private static func pieces(
            _ text: String?,
            visible: Int?,
            callsTool: Bool,
        ) -> [Substring] {
            if callsTool {
                guard let visible else { return Words.toolArguments.map { $0[...] } }
                return Words.cut(Words.toolArguments.joined(), into: visible)
            }
            switch (text, visible) {
            case (let text?, let visible?): return Words.cut(text, into: visible)
            case (let text?, nil): return Words.split(text)
            case (nil, let visible?): return Words.generate(visible)
            case (nil, nil): return Words.split(Words.sentence)
            }
        }
    }
}
