import NIOHTTP1

/// The wire format of a provider.
enum Dialect: Sendable {
    case openAI
    case anthropic

    /// The dialect of a request whose path both providers have.
    init(_ headers: HTTPHeaders) {
        self = headers.contains(name: "anthropic-version") ? .anthropic : .openAI
    }

    /// The header that names the request in the answer.
    var requestIDHeader: String {
        switch self {
        case .openAI: "x-request-id"
        case .anthropic: "request-id"
        }
    }

    /// An id of the provider's look, made of the number of the request.
    func requestID(_ number: Int) -> String { (self == .openAI ? "req_" : "req_01") + pad(number) }

    /// The id of the answer.
    func answerID(_ number: Int) -> String {
        (self == .openAI ? "chatcmpl-" : "msg_01") + pad(number)
    }

    /// The id of the tool call in the answer.
    func toolCallID(_ number: Int, choice: Int) -> String {
        (self == .openAI ? "call_" : "toolu_01") + pad(number) + (choice == 0 ? "" : "c\(choice)")
    }

    private func pad(_ number: Int) -> String {
        let digits = String(number)
        return "sim" + String(repeating: "0", count: max(0, 12 - digits.count)) + digits
    }
}
