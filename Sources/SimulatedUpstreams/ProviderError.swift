import NIOCore

/// An error as a provider tells it.
struct ProviderError: Error {
    let status: Int
    let message: String
    var param: String?
    var code: String?

    init(_ status: Int, _ message: String, param: String? = nil, code: String? = nil) {
        self.status = status
        self.message = message
        self.param = param
        self.code = code
    }

    /// The error an answer with only a status has.
    static func simulated(_ status: Int, text: String?) -> ProviderError {
        let code: String? =
            switch status {
            case 401: "invalid_api_key"
            case 402: "insufficient_quota"
            case 429: "rate_limit_exceeded"
            default: nil
            }
        return ProviderError(status, text ?? "Simulated error \(status).", code: code)
    }

    /// The dialect's error object, as a body and as the data of an event.
    func write(_ dialect: Dialect, number: Int, to out: inout ByteBuffer) {
        switch dialect {
        case .openAI: writeOpenAI(to: &out)
        case .anthropic: writeAnthropic(requestID: dialect.requestID(number), to: &out)
        }
    }

    private func writeOpenAI(to out: inout ByteBuffer) {
        out.writeStaticString("{\"error\":{\"message\":")
        out.writeJSONString(message)
        out.writeStaticString(",\"type\":")
        out.writeJSONString(openAIType)
        out.writeStaticString(",\"param\":")
        out.writeOptionalString(param)
        out.writeStaticString(",\"code\":")
        out.writeOptionalString(code)
        out.writeStaticString("}}")
    }

    private func writeAnthropic(requestID: String, to out: inout ByteBuffer) {
        out.writeStaticString("{\"type\":\"error\",\"error\":{\"type\":")
        out.writeJSONString(anthropicType)
        out.writeStaticString(",\"message\":")
        out.writeJSONString(message)
        out.writeStaticString("},\"request_id\":")
        out.writeJSONString(requestID)
        out.writeStaticString("}")
    }

    private var openAIType: String {
        switch status {
        case 402: "insufficient_quota"
        case 429: "requests"
        case 500...: "server_error"
        default: "invalid_request_error"
        }
    }

    private var anthropicType: String {
        switch status {
        case 401: "authentication_error"
        case 402: "billing_error"
        case 403: "permission_error"
        case 404: "not_found_error"
        case 409: "conflict_error"
        case 413: "request_too_large"
        case 429: "rate_limit_error"
        case 504: "timeout_error"
        case 529: "overloaded_error"
        case 500...: "api_error"
        default: "invalid_request_error"
        }
    }
}

extension ByteBuffer {
    fileprivate mutating func writeOptionalString(_ value: String?) {
        if let value { writeJSONString(value) } else { writeStaticString("null") }
    }
}
