import Metering

/// OpenAI's `usage` object, with what compatible providers make of it.
///
/// https://platform.openai.com/docs/api-reference/chat/object#chat/object-usage
struct OpenAIUsage {
    private var prompt = StatedCount.absent
    private var completion = StatedCount.absent
    private var total = StatedCount.absent
    private var cached = StatedCount.absent
    private var cacheWrite = StatedCount.absent
    private var audioInput = StatedCount.absent
    private var reasoning = StatedCount.absent
    private var audioOutput = StatedCount.absent

    init(_ cursor: inout JSONCursor) throws(JSONError) {
        var usage = self
        try cursor.object { cursor, key throws(JSONError) in
            switch key {
            case "prompt_tokens": usage.prompt = try StatedCount(&cursor)
            case "completion_tokens": usage.completion = try StatedCount(&cursor)
            case "total_tokens": usage.total = try StatedCount(&cursor)
            case "prompt_tokens_details": try usage.readPromptDetails(&cursor)
            case "completion_tokens_details": try usage.readCompletionDetails(&cursor)
            default: try cursor.skip()
            }
        }
        self = usage
    }

    private mutating func readPromptDetails(_ cursor: inout JSONCursor) throws(JSONError) {
        var usage = self
        try cursor.objectIfAny { cursor, key throws(JSONError) in
            switch key {
            case "cached_tokens": usage.cached = try StatedCount(&cursor)
            case "cache_write_tokens": usage.cacheWrite = try StatedCount(&cursor)
            case "audio_tokens": usage.audioInput = try StatedCount(&cursor)
            default: try cursor.skip()
            }
        }
        self = usage
    }

    private mutating func readCompletionDetails(_ cursor: inout JSONCursor) throws(JSONError) {
        var usage = self
        try cursor.objectIfAny { cursor, key throws(JSONError) in
            switch key {
            case "reasoning_tokens": usage.reasoning = try StatedCount(&cursor)
            case "audio_tokens": usage.audioOutput = try StatedCount(&cursor)
            default: try cursor.skip()
            }
        }
        self = usage
    }

    /// The classes taken apart, or that it is no report: both totals must be whole numbers, and so
    /// must every part that is stated.
    var reported: AnswerFacts.ReportedUsage {
        let parts = [cached, cacheWrite, audioInput, reasoning, audioOutput, total]
        guard let prompt = prompt.value, let completion = completion.value,
            !parts.contains(.invalid)
        else { return .invalid }
        var counts: [UsageClass: Int64] = [:]
        var input = prompt
        for (kind, part) in [
            (UsageClass.cacheRead, cached), (.cacheWrite5m, cacheWrite), (.audioInput, audioInput),
        ] {
            counts[kind] = min(part.value ?? 0, input)
            input -= counts[kind] ?? 0
        }
        counts[.input] = input
        let reasoning = reasoning.value ?? 0
        var output = completion
        if !isReasoningApart { output -= min(reasoning, output) }
        counts[.reasoning] = isReasoningApart ? reasoning : min(reasoning, completion)
        counts[.audioOutput] = min(audioOutput.value ?? 0, output)
        counts[.output] = output - (counts[.audioOutput] ?? 0)
        return .whole(UsageReport(counts))
    }

    /// OpenAI counts reasoning within `completion_tokens`; xAI beside it, which its total shows.
    private var isReasoningApart: Bool {
        guard let reasoning = reasoning.value, let prompt = prompt.value,
            let completion = completion.value, reasoning > 0
        else { return false }
        if let total = total.value {
            let (sum, overflow) = prompt.addingReportingOverflow(completion)
            return !overflow && total > sum && total - sum == reasoning
        }
        return reasoning > completion
    }
}
