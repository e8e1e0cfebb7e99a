/// What the simulator reads of a request body; both dialects share the names.
struct ModelRequest: Decodable {
    let model: String
    let messages: [Message]
    /// Anthropic only.
    let system: MessageContent?
    let tools: [Tool]?
    let stream: Bool?
    let streamOptions: StreamOptions?
    let n: Int?
    let maxTokens: Int?
    let maxCompletionTokens: Int?

    struct Message: Decodable {
        let role: String
        let content: MessageContent?
    }

    struct Tool: Decodable {
        /// Where Anthropic has the name.
        let name: String?
        /// Where OpenAI has it.
        let function: Function?

        struct Function: Decodable {
            let name: String
        }
    }

    struct StreamOptions: Decodable {
        let includeUsage: Bool?

        private enum CodingKeys: String, CodingKey {
            case includeUsage = "include_usage"
        }
    }

    private enum CodingKeys: String, CodingKey {
        case model
        case messages
        case system
        case tools
        case stream
        case streamOptions = "stream_options"
        case n
        case maxTokens = "max_tokens"
        case maxCompletionTokens = "max_completion_tokens"
    }

    var streams: Bool { stream ?? false }
    var includesUsage: Bool { streamOptions?.includeUsage ?? false }

    /// The most tokens of one choice.
    var outputLimit: Int? { maxCompletionTokens ?? maxTokens }

    var firstToolName: String? {
        guard let tool = tools?.first else { return nil }
        return tool.name ?? tool.function?.name
    }

    /// A token for every four bytes of text, 100 for an image, never less than one.
    var derivedInputTokens: Int {
        let contents = messages.compactMap(\.content) + [system].compactMap(\.self)
        let textBytes = contents.reduce(0) { $0 + $1.textBytes }
        let images = contents.reduce(0) { $0 + $1.images }
        return max(1, (textBytes + 3) / 4 + 100 * images)
    }
}
