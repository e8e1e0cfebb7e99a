import NIOCore

/// A message, whole.
struct AnthropicAnswer {
    let plan: AnswerPlan

    func body() -> AnswerBody {
        var body = AnswerBody(.anthropic)
        body.append { out in
            writeEnvelope(to: &out)
            writeContent(to: &out)
            out.writeStaticString("],\"stop_reason\":\"")
            out.writeStaticString(stopReason)
            out.writeStaticString("\",\"stop_sequence\":null")
            for telling in plan.tellings {
                out.writeStaticString(",\"usage\":")
                AnthropicUsage.write(telling, as: plan.usage, to: &out)
            }
            out.writeStaticString("}")
        }
        return body
    }

    /// Writes everything before the first content block.
    func writeEnvelope(to out: inout ByteBuffer) {
        out.writeStaticString("{\"id\":")
        out.writeJSONString(Dialect.anthropic.answerID(plan.number))
        out.writeStaticString(",\"type\":\"message\",\"role\":\"assistant\",\"model\":")
        out.writeJSONString(plan.model)
        out.writeStaticString(",\"content\":[")
    }

    var stopReason: StaticString {
        if plan.isCut { return "max_tokens" }
        return plan.toolName == nil ? "end_turn" : "tool_use"
    }

    /// Writes the start of a `tool_use` block, up to its input.
    func writeToolOpening(_ name: String, to out: inout ByteBuffer) {
        out.writeStaticString("{\"type\":\"tool_use\",\"id\":")
        out.writeJSONString(Dialect.anthropic.toolCallID(plan.number, choice: 0))
        out.writeStaticString(",\"name\":")
        out.writeJSONString(name)
        out.writeStaticString(",\"input\":")
    }

    private func writeContent(to out: inout ByteBuffer) {
        if let name = plan.toolName {
            writeToolOpening(name, to: &out)
            // Arguments cut by the limit are no JSON; the provider then leaves the input empty.
            out.writeString(plan.isCut || plan.pieces.isEmpty ? "{}" : plan.pieces.joined())
            out.writeStaticString("}")
        } else if !plan.pieces.isEmpty {
            out.writeStaticString("{\"type\":\"text\",\"text\":")
            out.writeJSONString(plan.pieces.joined())
            out.writeStaticString("}")
        }
    }
}
