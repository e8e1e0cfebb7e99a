/// Anthropic's messages request.
///
/// https://docs.anthropic.com/en/api/messages
extension RequestReader {
    mutating func readAnthropic(_ key: JSONKey, _ cursor: inout JSONCursor) throws(JSONError) {
        switch key {
        case "model": try readModel(&cursor)
        case "stream": try readStream(&cursor)
        case "max_tokens": try readLimit(&cursor)
        case "messages": try readAnthropicMessages(&cursor)
        case "system": try readAnthropicBlocks(&cursor)
        case "thinking": try readThinking(&cursor)
        case "tools": try readAnthropicTools(&cursor)
        case "service_tier": try allow(["auto", "standard_only"], &cursor)
        case "speed": try allow(["standard"], &cursor)
        case "inference_geo": try allow(["global"], &cursor)
        case "mcp_servers", "container": try refuseUnlessEmpty(.unbounded(field), &cursor)
        // Another model may answer, or input that is not in the body be read.
        case "fallbacks": try refuseUnlessEmpty(.unpriced(field), &cursor)
        case "thread": try refuseUnlessNull(.unbounded(field), &cursor)
        case "context_management": try readContextManagement(&cursor)
        default: try skip(key, unlessReadAs: RequestReader.anthropicFields, &cursor)
        }
    }

    /// The fields that decide what a request costs.
    private static let anthropicFields: Set<String> = [
        "model", "stream", "max_tokens", "messages", "system", "thinking", "tools", "service_tier",
        "speed", "inference_geo", "mcp_servers", "container", "fallbacks", "thread",
        "context_management",
    ]

    /// Edits that clear parts of the context make it smaller; one that has the model sum it up runs
    /// the model again, outside the counts that the answer reports.
    ///
    /// https://docs.anthropic.com/en/docs/build-with-claude/context-editing
    private mutating func readContextManagement(
        _ cursor: inout JSONCursor
    ) throws(JSONError) {
        guard try cursor.kind() == .object else {
            return try refuseUnlessNull(.unbounded(field), &cursor)
        }
        var reader = self
        try cursor.object { cursor, key throws(JSONError) in
            guard case "edits" = key, try cursor.kind() == .array else {
                return try reader.refuseUnlessNull(.unbounded("context_management"), &cursor)
            }
            try cursor.array { cursor throws(JSONError) in
                var type = ""
                try cursor.object { cursor, key throws(JSONError) in
                    if case "type" = key { type = try cursor.word() } else { try cursor.skip() }
                }
                if !type.hasPrefix("clear_") { reader.refuse(.unbounded("context_management")) }
            }
        }
        self = reader
    }

    private mutating func readAnthropicMessages(_ cursor: inout JSONCursor) throws(JSONError) {
        var reader = self
        try cursor.array { cursor throws(JSONError) in
            reader.shape.messages += 1
            reader.hasMessages = true
            try cursor.object { cursor, key throws(JSONError) in
                guard case "content" = key else {
                    try cursor.skip()
                    return
                }
                try reader.readAnthropicBlocks(&cursor)
            }
        }
        self = reader
    }

    /// Reads a text, or blocks, which may hold blocks themselves.
    private mutating func readAnthropicBlocks(_ cursor: inout JSONCursor) throws(JSONError) {
        guard try cursor.isBlockList() else { return }
        var reader = self
        try cursor.array { cursor throws(JSONError) in
            var type = ""
            var source = Source()
            try cursor.object { cursor, key throws(JSONError) in
                switch key {
                case "type": type = try cursor.word()
                case "source": source = try RequestReader.source(&cursor)
                case "content" where try cursor.kind() == .array:
                    try reader.readAnthropicBlocks(&cursor)
                default: try cursor.skip()
                }
            }
            reader.accept(block: type, source: source)
        }
        self = reader
    }

    private mutating func accept(block type: String, source: Source) {
        switch type {
        case "image":
            shape.images += 1
            pictures.add(source.data)
        case "document" where !["text", "content"].contains(source.type):
            refuse(.unbounded(field))
        case "text", "document", "thinking", "redacted_thinking", "tool_use", "server_tool_use",
            "tool_result", "search_result", "web_search_result", "web_search_tool_result",
            "tool_reference":
            break
        default: refuse(.unbounded(field))
        }
    }

    /// What a block is made of.
    private struct Source {
        var type = ""
        var data: JSONKey?
    }

    /// The kind of a block's source, and its raw data.
    ///
    /// A `content` source can hold pictures, which count as documents do: not at all, so it is
    /// refused by its type.
    private static func source(_ cursor: inout JSONCursor) throws(JSONError) -> Source {
        guard try cursor.kind() == .object else {
            try cursor.skip()
            return Source()
        }
        var source = Source()
        var holdsBlocks = false
        try cursor.object { cursor, key throws(JSONError) in
            switch key {
            case "type": source.type = try cursor.word()
            case "data": source.data = try cursor.rawString()
            case "content":
                holdsBlocks = try cursor.kind() == .array
                try cursor.skip()
            default: try cursor.skip()
            }
        }
        return holdsBlocks ? Source(type: "blocks") : source
    }

    private mutating func readThinking(_ cursor: inout JSONCursor) throws(JSONError) {
        guard try cursor.kind() == .object else { return try cursor.null() }
        var reader = self
        try cursor.object { cursor, key throws(JSONError) in
            guard case "budget_tokens" = key else {
                try cursor.skip()
                return
            }
            reader.shape.thinkingBudget =
                try reader.readCount(&cursor, in: 0...1_000_000_000) ?? 0
        }
        self = reader
    }

    private mutating func readAnthropicTools(_ cursor: inout JSONCursor) throws(JSONError) {
        guard try cursor.kind() == .array else { return try cursor.null() }
        var reader = self
        try cursor.array { cursor throws(JSONError) in
            var type = "custom"
            var maxUses: Int64?
            try cursor.object { cursor, key throws(JSONError) in
                switch key {
                case "type" where try cursor.kind() == .string: type = try cursor.word()
                case "max_uses": maxUses = try reader.readCount(&cursor, in: 1...100)
                default: try cursor.skip()
                }
            }
            reader.accept(tool: type, maxUses: maxUses)
        }
        self = reader
    }

    /// Tools that the agent runs cost what their text costs; of those that the provider runs, only
    /// a web search with a limit can be bounded.
    private mutating func accept(tool type: String, maxUses: Int64?) {
        shape.hasTools = true
        if type == "custom" { return }
        shape.providerTools += 1
        let runByAgent = ["bash_", "text_editor_", "computer_", "memory_"]
        if runByAgent.contains(where: type.hasPrefix) { return }
        guard type.hasPrefix("web_search_"), let maxUses else {
            return refuse(.unbounded("tools"))
        }
        shape.webSearches += maxUses
    }
}
