import NIOCore

/// The models a provider says it has.
///
/// Answers are given for any other name too.
struct ModelList {
    let dialect: Dialect

    private var names: [String] {
        switch dialect {
        case .openAI: ["gpt-4o", "gpt-4o-mini"]
        case .anthropic: ["claude-sonnet-4-5", "claude-haiku-4-5"]
        }
    }

    func body() -> AnswerBody {
        var body = AnswerBody(dialect)
        body.append { out in
            out.writeStaticString("{\"data\":[")
            for (index, name) in names.enumerated() {
                if index > 0 { out.writeStaticString(",") }
                write(name, to: &out)
            }
            switch dialect {
            case .openAI: out.writeStaticString("],\"object\":\"list\"}")
            case .anthropic:
                out.writeStaticString("],\"has_more\":false,\"first_id\":")
                out.writeJSONString(names.first ?? "")
                out.writeStaticString(",\"last_id\":")
                out.writeJSONString(names.last ?? "")
                out.writeStaticString("}")
            }
        }
        return body
    }

    func body(of name: String) throws(ProviderError) -> AnswerBody {
        if name.hasPrefix("no-such-model") { throw ModelRequest.unknownModel(name, dialect) }
        var body = AnswerBody(dialect)
        body.append { write(name, to: &$0) }
        return body
    }

    private func write(_ name: String, to out: inout ByteBuffer) {
        switch dialect {
        case .openAI:
            out.writeStaticString("{\"id\":")
            out.writeJSONString(name)
            out.writeStaticString(
                ",\"object\":\"model\",\"created\":1760000000,\"owned_by\":\"system\"}"
            )
        case .anthropic:
            out.writeStaticString("{\"type\":\"model\",\"id\":")
            out.writeJSONString(name)
            out.writeStaticString(",\"display_name\":")
            out.writeJSONString(name)
            out.writeStaticString(",\"created_at\":\"2025-10-09T00:00:00Z\"}")
        }
    }
}
