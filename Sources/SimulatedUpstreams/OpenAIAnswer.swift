import NIOCore

/// A chat completion, whole.
struct OpenAIAnswer {
    let plan: AnswerPlan

    func body() -> AnswerBody {
        var body = AnswerBody(.openAI)
        body.append { out in
            writeEnvelope("chat.completion", to: &out)
            for index in 0..<plan.choices {
                if index > 0 { out.writeStaticString(",") }
                writeChoice(index, to: &out)
            }
            out.writeStaticString("]")
            for telling in plan.tellings {
                out.writeStaticString(",\"usage\":")
                OpenAIUsage.write(telling, as: plan.usage, to: &out)
            }
            out.writeStaticString("}")
        }
        return body
    }

    /// Writes everything before the first choice.
    func writeEnvelope(_ object: StaticString, to out: inout ByteBuffer) {
        out.writeStaticString("{\"id\":")
        out.writeJSONString(Dialect.openAI.answerID(plan.number))
        out.writeStaticString(",\"object\":\"")
        out.writeStaticString(object)
        out.writeStaticString("\",\"created\":")
        out.writeNumber(plan.created)
        out.writeStaticString(",\"model\":")
        out.writeJSONString(plan.model)
        out.writeStaticString(
            ",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_simulated\",\"choices\":["
        )
    }

    var finishReason: StaticString {
        if plan.isCut { return "length" }
        return plan.toolName == nil ? "stop" : "tool_calls"
    }

    private func writeChoice(_ index: Int, to out: inout ByteBuffer) {
        out.writeStaticString("{\"index\":")
        out.writeNumber(index)
        out.writeStaticString(",\"message\":{\"role\":\"assistant\",\"content\":")
        if let name = plan.toolName {
            out.writeStaticString("null,\"tool_calls\":[{\"id\":")
            out.writeJSONString(Dialect.openAI.toolCallID(plan.number, choice: index))
            out.writeStaticString(",\"type\":\"function\",\"function\":{\"name\":")
            out.writeJSONString(name)
            out.writeStaticString(",\"arguments\":")
            out.writeJSONString(plan.pieces.joined())
            out.writeStaticString("}}]")
        } else {
            out.writeJSONString(plan.pieces.joined())
        }
        out.writeStaticString(
            ",\"refusal\":null,\"annotations\":[]},\"logprobs\":null,\"finish_reason\":\""
        )
        out.writeStaticString(finishReason)
        out.writeStaticString("\"}")
    }
}
