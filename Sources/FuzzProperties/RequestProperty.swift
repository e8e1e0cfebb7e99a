import Foundation
import NIOCore
import Providers

/// A request body that is accepted says the same to every parser, and what goes upstream is the
/// same request with our model's name, an output limit that holds, and the usage of a stream.
struct RequestProperty {
    private let dialect: Dialect

    init(_ dialect: Dialect) { self.dialect = dialect }

    func check(_ bytes: [UInt8]) throws(BrokenProperty) -> Verdict {
        let plain = PlainJSON(bytes)
        let request: InferenceRequest
        do throws(RequestError) {
            request = try InferenceRequest(dialect, body: ByteBuffer(bytes: bytes))
        } catch {
            try checkRefusal(error, plain)
            return .refused
        }
        guard let plain else {
            throw BrokenProperty(description: "what is no JSON is accepted")
        }
        try demand(!plain.hasDuplicateKeys, "a key that stands twice is accepted")
        let facts = try commonFacts(plain)
        try demand(request.model.utf8.elementsEqual(facts.model.utf8), "model \(request.model)")
        try demand(request.isStream == facts.isStream, "stream is read as \(request.isStream)")
        try demand(request.shape.choices == facts.choices, "n is read as \(request.shape.choices)")
        try demand(request.shape.outputLimit == facts.limits.min(), "the limit is another")
        let shape = request.shape
        try demand(shape.inputBound >= 0, "the input's bound is negative")
        try demand(
            (0...shape.textBytes).contains(shape.contentBytes),
            "\(shape.contentBytes) bytes of content in \(shape.textBytes)",
        )
        let asked = facts.limits.min() ?? 1_000_000_000
        for limit in Set([1, 7, asked]) where limit <= asked {
            try checkUpstream(request, plain, limit: limit)
        }
        if facts.limits.isEmpty == false { try checkUpstream(request, plain, limit: nil) }
        return .accepted
    }

    /// What is called no JSON is none, or has what we refuse in JSON.
    private func checkRefusal(
        _ error: RequestError,
        _ plain: PlainJSON?,
    ) throws(BrokenProperty) {
        guard case .notJSON = error, let plain else { return }
        try demand(
            plain.hasDuplicateKeys || plain.depth > JSONCursor.depthLimit,
            "what is JSON is refused: \(error)",
        )
    }

    // MARK: What parsers read

    /// What an upstream takes from a request.
    private struct Facts: Equatable {
        var model = ""
        var isStream = false
        var choices: Int64 = 1
        var limits: [Int64] = []
        var wantsUsage = false
    }

    private var limitFields: [String] {
        switch dialect {
        case .openai: ["max_tokens", "max_completion_tokens"]
        case .anthropic: ["max_tokens"]
        }
    }

    private func commonFacts(_ plain: PlainJSON) throws(BrokenProperty) -> Facts {
        let facts = facts(plain, .first)
        for choice in PlainJSON.Choice.allCases {
            let other = self.facts(plain, choice)
            try demand(other == facts, "\(choice) reads \(other), first reads \(facts)")
        }
        return facts
    }

    private func facts(_ plain: PlainJSON, _ choice: PlainJSON.Choice) -> Facts {
        var facts = Facts()
        facts.model = plain.member("model", choice)?.string ?? ""
        facts.isStream = plain.member("stream", choice)?.bool ?? false
        facts.limits = limitFields.compactMap { plain.member($0, choice)?.integer }
        guard dialect == .openai else { return facts }
        facts.choices = plain.member("n", choice)?.integer ?? 1
        let options = plain.member("stream_options", choice)
        facts.wantsUsage = options?.member("include_usage", choice)?.bool ?? false
        return facts
    }

    // MARK: What goes upstream

    private func checkUpstream(
        _ request: InferenceRequest,
        _ plain: PlainJSON,
        limit: Int64?,
    ) throws(BrokenProperty) {
        let field = limitFields[limitFields.count - 1]
        let body = request.upstreamBody(model: "upstream\"1", limit: limit, limitField: field)
        let text = String(buffer: body)
        guard let sent = PlainJSON(Array(body.readableBytesView)) else {
            throw BrokenProperty(description: "what goes upstream is no JSON: \(text)")
        }
        try demand(!sent.hasDuplicateKeys, "what goes upstream has a key twice: \(text)")
        let facts = try commonFacts(sent)
        try demand(facts.model == "upstream\"1", "what goes upstream names \(facts.model)")
        if let limit {
            try demand(
                !facts.limits.isEmpty && facts.limits.allSatisfy { $0 == limit },
                "the limit \(limit) does not hold in \(text)",
            )
        }
        try demand(
            dialect != .openai || !request.isStream || facts.wantsUsage,
            "no usage is asked for in \(text)",
        )
        let edited = limitFields + ["model", "stream_options"]
        try demand(untouched(plain, edited) == untouched(sent, edited), "\(text) asks for else")
        try checkName(request)
    }

    /// The upstream is asked for its model by that very name.
    private func checkName(_ request: InferenceRequest) throws(BrokenProperty) {
        for name in [request.model, request.model.decomposedStringWithCanonicalMapping] {
            let body = request.upstreamBody(model: name, limit: nil, limitField: "max_tokens")
            let sent = PlainJSON(Array(body.readableBytesView))?.member("model")?.string
            try demand(
                sent?.utf8.elementsEqual(name.utf8) == true,
                "the model \(name) is sent as \(sent ?? "nothing")",
            )
        }
    }

    private func untouched(_ plain: PlainJSON, _ edited: [String]) -> [PlainJSON.Member] {
        guard case .object(let members) = plain else { return [] }
        return members.filter { !edited.contains(String(decoding: $0.key, as: UTF8.self)) }
    }
}
