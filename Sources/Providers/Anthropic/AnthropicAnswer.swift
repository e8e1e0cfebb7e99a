/// Reads Anthropic messages and the events of their streams.
///
/// https://docs.anthropic.com/en/docs/build-with-claude/streaming
struct AnthropicAnswer {
    private var usage = AnthropicUsage()
    /// The index of the content block that is being streamed; what closing a stream needs.
    private(set) var openBlock: Int64?

    /// Reads a message, or the data of an event.
    mutating func facts(_ cursor: inout JSONCursor) throws(JSONError) -> AnswerFacts {
        var facts = AnswerFacts()
        var answer = self
        defer { self = answer }
        var type = ""
        var index: Int64?
        var statesUsage = false
        try cursor.object { cursor, key throws(JSONError) in
            switch key {
            case "type": type = try cursor.stringIfAny() ?? ""
            case "index": index = try StatedCount(&cursor).value
            case "model": facts.model = try cursor.stringIfAny()
            case "usage":
                statesUsage = true
                try answer.readUsage(&cursor, &facts)
            case "message":
                try cursor.objectIfAny { cursor, key throws(JSONError) in
                    switch key {
                    case "model": facts.model = try cursor.stringIfAny()
                    case "usage":
                        statesUsage = true
                        try answer.readUsage(&cursor, &facts)
                    default: try cursor.skip()
                    }
                }
            case "delta", "content_block": try AnthropicAnswer.readText(&cursor, &facts.textBytes)
            case "content":
                try cursor.arrayIfAny { cursor throws(JSONError) in
                    try AnthropicAnswer.readText(&cursor, &facts.textBytes)
                }
            default: try cursor.skip()
            }
        }
        answer.follow(type, index)
        facts.isAnswer = type != "ping" && type != "error"
        facts.isTerminal = type == "message_stop"
        facts.isFailure = type == "error"
        if statesUsage { answer.report(type, &facts) }
        return facts
    }

    private mutating func follow(_ type: String, _ index: Int64?) {
        if type == "content_block_start" { openBlock = index }
        if type == "content_block_stop" { openBlock = nil }
    }

    private mutating func readUsage(
        _ cursor: inout JSONCursor,
        _ facts: inout AnswerFacts,
    ) throws(JSONError) {
        if try cursor.kind() == .object {
            try usage.read(&cursor)
        } else {
            facts.usage = try cursor.skipTellingWhetherNull() ? .none : .invalid
        }
    }

    /// A stream's first event counts the input and a first token of output; only later ones count
    /// the whole output.
    private func report(_ type: String, _ facts: inout AnswerFacts) {
        if case .invalid = facts.usage { return }
        guard let report = usage.report else {
            facts.usage = .invalid
            return
        }
        facts.usage = type == "message_start" ? .partial(report) : .whole(report)
    }

    /// Adds what a block, or a delta, puts before the agent.
    private static func readText(
        _ cursor: inout JSONCursor,
        _ bytes: inout Int,
    ) throws(JSONError) {
        var text = bytes
        try cursor.objectIfAny { cursor, key throws(JSONError) in
            switch key {
            case "text", "thinking", "partial_json", "name": try cursor.addText(to: &text)
            case "input":
                let range = try cursor.skip()
                text += range.count > 2 ? range.count : 0
            default: try cursor.skip()
            }
        }
        bytes = text
    }
}
