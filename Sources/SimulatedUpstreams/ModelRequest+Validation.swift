import NIOCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension ModelRequest {
    /// Reads a request body, or says in the provider's way what is wrong with it.
    static func read(_ body: ByteBuffer, _ dialect: Dialect) throws(ProviderError) -> ModelRequest {
        do {
            return try JSONDecoder().decode(ModelRequest.self, from: Data(body.readableBytesView))
        } catch DecodingError.keyNotFound(let key, let context) {
            throw missing(path(context.codingPath + [key]), dialect)
        } catch DecodingError.typeMismatch(_, let context) {
            throw invalid(path(context.codingPath))
        } catch DecodingError.valueNotFound(_, let context) {
            throw invalid(path(context.codingPath))
        } catch {
            throw notJSON(dialect)
        }
    }

    /// Checks what both providers check before answering, in the order they do.
    func validate(_ dialect: Dialect, isCount: Bool) throws(ProviderError) {
        guard !messages.isEmpty else {
            throw ProviderError(
                400,
                "messages: at least one message is required",
                param: "messages",
            )
        }
        if let limit = outputLimit, limit < 1 {
            throw ProviderError(400, "max_tokens: must be at least 1", param: "max_tokens")
        }
        switch dialect {
        case .openAI: try validateOpenAI()
        case .anthropic:
            if maxTokens == nil && !isCount { throw Self.missing("max_tokens", dialect) }
        }
        if model.hasPrefix("no-such-model") { throw Self.unknownModel(model, dialect) }
    }

    private func validateOpenAI() throws(ProviderError) {
        if maxTokens != nil && maxCompletionTokens != nil {
            throw ProviderError(
                400,
                "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
                code: "invalid_parameter_combination",
            )
        }
        if streamOptions != nil && !streams {
            throw ProviderError(
                400,
                "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
                param: "stream_options",
            )
        }
        if let n, !(1...128).contains(n) {
            throw ProviderError(400, "Invalid 'n': must be from 1 to 128.", param: "n")
        }
    }

    static func unknownModel(_ model: String, _ dialect: Dialect) -> ProviderError {
        switch dialect {
        case .openAI:
            ProviderError(
                404,
                "The model `\(model)` does not exist or you do not have access to it.",
                code: "model_not_found",
            )
        case .anthropic: ProviderError(404, "model: \(model)")
        }
    }

    private static func notJSON(_ dialect: Dialect) -> ProviderError {
        switch dialect {
        case .openAI: ProviderError(400, "We could not parse the JSON body of your request.")
        case .anthropic: ProviderError(400, "The request body is not valid JSON")
        }
    }

    private static func missing(_ path: String, _ dialect: Dialect) -> ProviderError {
        switch dialect {
        case .openAI:
            ProviderError(
                400,
                "Missing required parameter: '\(path)'.",
                param: path,
                code: "missing_required_parameter",
            )
        case .anthropic: ProviderError(400, "\(path): Field required")
        }
    }

    private static func invalid(_ path: String) -> ProviderError {
        ProviderError(400, "Invalid type for '\(path)'.", param: path, code: "invalid_type")
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    }
}
