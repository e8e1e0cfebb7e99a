/// Reads OpenAI chat completions and their chunks.
///
/// https://platform.openai.com/docs/api-reference/chat-streaming
struct OpenAIAnswer {
    /// What closing a stream ourselves needs: `id` and `created` of its chunks.
    private(set) var id: String?
    private(set) var created: Int64?
    /// The choices that have begun and not finished.
    private(set) var openChoices: Set<Int64> = []

    /// Reads a completion, or a chunk.
    mutating func facts(_ cursor: inout JSONCursor) throws(JSONError) -> AnswerFacts {
        var facts = AnswerFacts()
        var answer = self
        defer { self = answer }
        var hasChoices = false
        try cursor.object { cursor, key throws(JSONError) in
            switch key {
            case "id" where answer.id == nil: answer.id = try cursor.stringIfAny()
            case "created" where answer.created == nil:
                answer.created = try StatedCount(&cursor).value
            case "model": facts.model = try cursor.stringIfAny()
            case "choices":
                try cursor.arrayIfAny { cursor throws(JSONError) in
                    hasChoices = true
                    let (index, isFinished) = try OpenAIAnswer.readChoice(&cursor, &facts)
                    if isFinished {
                        answer.openChoices.remove(index)
                    } else if answer.openChoices.count < OpenAIAnswer.mostChoices {
                        answer.openChoices.insert(index)
                    }
                }
            case "usage": try OpenAIAnswer.readUsage(&cursor, &facts)
            case "error": facts.isFailure = try cursor.skipTellingWhetherNull() == false
            default: try cursor.skip()
            }
        }
        facts.isAnswer = hasChoices
        if case .none = facts.usage { return facts }
        facts.isAnswer = true
        facts.isBareUsage = !hasChoices
        return facts
    }

    /// How many open choices are kept track of; OpenAI answers with at most so many.
    private static let mostChoices = 128

    private static func readUsage(
        _ cursor: inout JSONCursor,
        _ facts: inout AnswerFacts,
    ) throws(JSONError) {
        switch try cursor.kind() {
        case .null: try cursor.null()
        case .object: facts.usage = try OpenAIUsage(&cursor).reported
        case .array, .string, .number, .bool:
            try cursor.skip()
            facts.usage = .invalid
        }
    }

    /// A choice carries a `delta` in a stream and a `message` otherwise; some providers put their
    /// usage into the last choice.
    private static func readChoice(
        _ cursor: inout JSONCursor,
        _ facts: inout AnswerFacts,
    ) throws(JSONError) -> (index: Int64, isFinished: Bool) {
        var (index, isFinished) = (Int64(0), false)
        try cursor.objectIfAny { cursor, key throws(JSONError) in
            switch key {
            case "index": index = try StatedCount(&cursor).value ?? 0
            case "finish_reason": isFinished = try !cursor.skipTellingWhetherNull()
            case "delta", "message": try readMessage(&cursor, &facts.textBytes)
            case "usage": try readUsage(&cursor, &facts)
            default: try cursor.skip()
            }
        }
        return (index, isFinished)
    }

    private static func readMessage(
        _ cursor: inout JSONCursor,
        _ bytes: inout Int,
    ) throws(JSONError) {
        try cursor.objectIfAny { cursor, key throws(JSONError) in
            switch key {
            // `reasoning_details` repeats what `reasoning` says.
            case "role", "reasoning_details", "annotations": try cursor.skip()
            default: try cursor.addAllText(to: &bytes)
            }
        }
    }
}

extension JSONCursor {
    /// Adds the lengths of all strings within the next value, whatever its shape.
    ///
    /// Tools and parts of content that nobody has heard of are output, too. Ids and types are not the
    /// model's.
    fileprivate mutating func addAllText(to bytes: inout Int) throws(JSONError) {
        switch try kind() {
        case .string: bytes += try stringLength()
        case .array: try array { cursor throws(JSONError) in try cursor.addAllText(to: &bytes) }
        case .object:
            try object { cursor, key throws(JSONError) in
                switch key {
                case "id", "type", "index": try cursor.skip()
                default: try cursor.addAllText(to: &bytes)
                }
            }
        case .null, .bool, .number: try skip()
        }
    }
}

extension JSONCursor {
    /// Passes over the next value and tells whether it was `null`.
    mutating func skipTellingWhetherNull() throws(JSONError) -> Bool {
        let isNull = try kind() == .null
        try skip()
        return isNull
    }
}
