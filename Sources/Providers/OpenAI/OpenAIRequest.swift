/// OpenAI's chat completion request.
///
/// https://platform.openai.com/docs/api-reference/chat/create
extension RequestReader {
    mutating func readOpenAI(_ key: JSONKey, _ cursor: inout JSONCursor) throws(JSONError) {
        switch key {
        case "model": try readModel(&cursor)
        case "stream": try readStream(&cursor)
        case "max_tokens", "max_completion_tokens": try readLimit(&cursor)
        case "n": shape.choices = try readCount(&cursor, in: 1...128) ?? 1
        case "stream_options": try readStreamOptions(&cursor)
        case "messages": try readOpenAIMessages(&cursor)
        case "tools": try readOpenAITools(&cursor)
        case "functions":
            shape.hasTools = true
            try cursor.skip()
        case "service_tier": try allow(["auto", "default"], &cursor)
        case "modalities": try readModalities(&cursor)
        case "audio", "prediction", "plugins", "models", "fallbacks", "route", "preset":
            try refuseUnlessEmpty(.unpriced(field), &cursor)
        case "provider": try readProvider(&cursor)
        // An empty object switches the search on.
        case "web_search_options": try refuseUnlessNull(.unbounded(field), &cursor)
        default: try skip(key, unlessReadAs: RequestReader.openAIFields, &cursor)
        }
    }

    /// The fields that decide what a request costs.
    private static let openAIFields: Set<String> = [
        "model", "stream", "max_tokens", "max_completion_tokens", "n", "stream_options", "messages",
        "tools", "functions", "service_tier", "modalities", "audio", "prediction", "plugins",
        "models", "fallbacks", "route", "preset", "provider", "web_search_options",
    ]

    /// OpenRouter's choice among a model's hosts, whose prices differ; what only restricts it for
    /// privacy passes.
    ///
    /// https://openrouter.ai/docs/features/provider-routing
    private mutating func readProvider(_ cursor: inout JSONCursor) throws(JSONError) {
        guard try cursor.kind() == .object else {
            return try refuseUnlessNull(.unpriced(field), &cursor)
        }
        var reader = self
        try cursor.object { cursor, key throws(JSONError) in
            switch key {
            case "data_collection", "zdr", "require_parameters": try cursor.skip()
            default: try reader.refuseUnlessNull(.unpriced("provider"), &cursor)
            }
        }
        self = reader
    }

    private mutating func readStreamOptions(_ cursor: inout JSONCursor) throws(JSONError) {
        var copy = cursor
        places.streamOptions = try copy.skip()
        guard try cursor.kind() == .object else { return try cursor.null() }
        var reader = self
        try cursor.object { cursor, key throws(JSONError) in
            guard case "include_usage" = key else {
                return try reader.skip(key, unlessReadAs: ["include_usage"], &cursor)
            }
            var copy = cursor
            reader.places.includeUsage = try copy.skip()
            if try cursor.kind() == .null {
                try cursor.null()
            } else {
                reader.shape.wantsUsageChunk = try cursor.bool()
            }
        }
        self = reader
    }

    private mutating func readOpenAIMessages(_ cursor: inout JSONCursor) throws(JSONError) {
        var reader = self
        try cursor.array { cursor throws(JSONError) in
            reader.shape.messages += 1
            reader.hasMessages = true
            try cursor.object { cursor, key throws(JSONError) in
                switch key {
                case "content": try reader.readOpenAIContent(&cursor)
                case "audio": try reader.refuseUnlessEmpty(.unbounded("messages"), &cursor)
                default: try cursor.skip()
                }
            }
        }
        self = reader
    }

    private mutating func readOpenAIContent(_ cursor: inout JSONCursor) throws(JSONError) {
        guard try cursor.isBlockList() else { return }
        var reader = self
        try cursor.array { cursor throws(JSONError) in
            var type = ""
            var data: JSONKey?
            try cursor.object { cursor, key throws(JSONError) in
                switch key {
                case "type": type = try cursor.word()
                case "image_url": data = try reader.readImageURL(&cursor)
                default: try cursor.skip()
                }
            }
            switch type {
            case "text", "refusal": break
            case "image_url":
                reader.shape.images += 1
                reader.pictures.add(data)
            default: reader.refuse(.unbounded("messages"))
            }
        }
        self = reader
    }

    /// The part of an `image_url` that is the picture itself; data that is no picture is refused.
    private mutating func readImageURL(_ cursor: inout JSONCursor) throws(JSONError) -> JSONKey? {
        var data: JSONKey?
        var reader = self
        try cursor.object { cursor, key throws(JSONError) in
            guard case "url" = key else {
                try cursor.skip()
                return
            }
            let url = try cursor.rawString()
            if url.hasPrefix("data:image/") {
                data = url
            } else if !url.hasPrefix("https://"), !url.hasPrefix("http://") {
                reader.refuse(.unbounded("messages"))
            }
        }
        self = reader
        return data
    }

    private mutating func readOpenAITools(_ cursor: inout JSONCursor) throws(JSONError) {
        guard try cursor.kind() == .array else { return try cursor.null() }
        var reader = self
        try cursor.array { cursor throws(JSONError) in
            reader.shape.hasTools = true
            try cursor.object { cursor, key throws(JSONError) in
                guard case "type" = key else {
                    try cursor.skip()
                    return
                }
                if !["function", "custom"].contains(try cursor.word()) {
                    reader.refuse(.unbounded("tools"))
                }
            }
        }
        self = reader
    }

    private mutating func readModalities(_ cursor: inout JSONCursor) throws(JSONError) {
        guard try cursor.kind() == .array else { return try cursor.null() }
        var reader = self
        try cursor.array { cursor throws(JSONError) in
            if try cursor.word() != "text" { reader.refuse(.unpriced("modalities")) }
        }
        self = reader
    }
}
