package import NIOCore
package import Primitives

/// A failure as a client of one dialect expects to read it.
package struct DialectError: Hashable, Sendable {
    package let kind: FailureKind
    /// Our stable code.
    package let code: String
    package let message: String
    /// The field that it is about, if it is about one.
    package let parameter: String?
    /// Extra members of the error object, as JSON text without braces; empty for none.
    package let details: String
    package let requestID: String

    package init(
        kind: FailureKind,
        code: String,
        message: String,
        parameter: String? = nil,
        details: String = "",
        requestID: String,
    ) {
        self.kind = kind
        self.code = code
        self.message = message
        self.parameter = parameter
        self.details = details
        self.requestID = requestID
    }

    /// The body of an error answer.
    ///
    /// OpenAI: https://platform.openai.com/docs/guides/error-codes, Anthropic:
    /// https://docs.anthropic.com/en/api/errors; `code` and the details are ours in both.
    ///
    /// `beside` are further members of OpenAI's outermost object, as JSON text without braces.
    package func body(_ dialect: Dialect, beside: String = "") -> String {
        let message = JSONText.quoted(message)
        let code = JSONText.quoted(code)
        let more = details.isEmpty ? "" : ",\(details)"
        switch dialect {
        case .openai:
            let parameter = parameter.map(JSONText.quoted) ?? "null"
            return "{\"error\":{\"message\":\(message),\"type\":\"\(openAIType)\","
                + "\"param\":\(parameter),\"code\":\(code)\(more)}"
                + (beside.isEmpty ? "}" : ",\(beside)}")
        case .anthropic:
            return "{\"type\":\"error\",\"error\":{\"type\":\"\(anthropicType)\","
                + "\"message\":\(message),\"code\":\(code)\(more)},"
                + "\"request_id\":\(JSONText.quoted(requestID))}"
        }
    }

    /// The event that tells of a failure in the middle of a stream.
    package func event(_ dialect: Dialect) -> ByteBuffer {
        switch dialect {
        case .openai: ByteBuffer(string: "data: \(body(dialect))\n\n")
        case .anthropic: ByteBuffer(string: "event: error\ndata: \(body(dialect))\n\n")
        }
    }

    private var openAIType: String {
        switch kind {
        case .malformed, .tooLarge, .notFound, .methodNotAllowed, .conflict:
            "invalid_request_error"
        case .unauthenticated: "authentication_error"
        case .paymentRequired: "insufficient_quota"
        case .forbidden: "permission_error"
        case .exhausted: "rate_limit_error"
        case .broken, .badUpstream, .unavailable, .timedOut: "server_error"
        }
    }

    private var anthropicType: String {
        switch kind {
        case .malformed, .methodNotAllowed: "invalid_request_error"
        case .unauthenticated: "authentication_error"
        case .paymentRequired: "billing_error"
        case .forbidden: "permission_error"
        case .notFound: "not_found_error"
        case .conflict: "conflict_error"
        case .tooLarge: "request_too_large"
        case .exhausted: "rate_limit_error"
        case .broken, .badUpstream: "api_error"
        case .unavailable: "overloaded_error"
        case .timedOut: "timeout_error"
        }
    }
}
