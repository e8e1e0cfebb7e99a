import NIOCore

/// A chat completion, streamed.
struct OpenAIStream {
    let plan: AnswerPlan
    /// Everything before the choices; the same in every event.
    private let envelope: ByteBuffer
    private let finishReason: StaticString

    init(plan: AnswerPlan) {
        self.plan = plan
        let answer = OpenAIAnswer(plan: plan)
        var out = ByteBuffer(staticString: "data: ")
        answer.writeEnvelope("chat.completion.chunk", to: &out)
        envelope = out
        finishReason = answer.finishReason
    }

    func body() -> AnswerBody {
        var body = AnswerBody.stream(.openAI)
        for choice in 0..<plan.choices { body.append { writeOpening(choice, to: &$0) } }
        for (index, piece) in plan.pieces.enumerated() {
            for choice in 0..<plan.choices {
                let sent = index * plan.choices + choice + 1
                body.append { writeDelta(piece, choice, sent: sent, to: &$0) }
            }
        }
        for choice in 0..<plan.choices { body.append { writeFinish(choice, to: &$0) } }
        if plan.includesUsage || plan.usage == .everyChunk {
            for telling in plan.tellings { body.append { writeUsage(telling, to: &$0) } }
        }
        body.append { $0.writeStaticString("data: [DONE]\n\n") }
        return body
    }

    /// A delta of 20 MB.
    func hugeEvent() -> ByteBuffer {
        var out = ByteBuffer()
        let text = String(repeating: "x", count: 20_000_000)
        writeDelta(text[...], 0, sent: 0, to: &out)
        return out
    }

    private func writeOpening(_ choice: Int, to out: inout ByteBuffer) {
        writeEvent(choice, finish: nil, running: 0, to: &out) { out in
            guard let name = plan.toolName else {
                out.writeStaticString("\"role\":\"assistant\",\"content\":\"\",\"refusal\":null")
                return
            }
            out.writeStaticString(
                "\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"index\":0,\"id\":"
            )
            out.writeJSONString(Dialect.openAI.toolCallID(plan.number, choice: choice))
            out.writeStaticString(",\"type\":\"function\",\"function\":{\"name\":")
            out.writeJSONString(name)
            out.writeStaticString(",\"arguments\":\"\"}}],\"refusal\":null")
        }
    }

    private func writeDelta(_ piece: Substring, _ choice: Int, sent: Int, to out: inout ByteBuffer)
    {
        writeEvent(choice, finish: nil, running: sent, to: &out) { out in
            if plan.toolName == nil {
                out.writeStaticString("\"content\":")
                out.writeJSONString(piece)
            } else {
                out.writeStaticString("\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":")
                out.writeJSONString(piece)
                out.writeStaticString("}}]")
            }
        }
    }

    private func writeFinish(_ choice: Int, to out: inout ByteBuffer) {
        writeEvent(choice, finish: finishReason, running: plan.tokens.output, to: &out) { _ in }
    }

    private func writeUsage(_ telling: SentTokens?, to out: inout ByteBuffer) {
        out.writeImmutableBuffer(envelope)
        out.writeStaticString("],\"usage\":")
        OpenAIUsage.write(telling, as: plan.usage, to: &out)
        out.writeStaticString("}\n\n")
    }

    private func writeEvent(
        _ choice: Int,
        finish: StaticString?,
        running: Int,
        to out: inout ByteBuffer,
        delta: (inout ByteBuffer) -> Void,
    ) {
        out.writeImmutableBuffer(envelope)
        out.writeStaticString("{\"index\":")
        out.writeNumber(choice)
        out.writeStaticString(",\"delta\":{")
        delta(&out)
        out.writeStaticString("},\"logprobs\":null,\"finish_reason\":")
        if let finish {
            out.writeStaticString("\"")
            out.writeStaticString(finish)
            out.writeStaticString("\"}]")
        } else {
            out.writeStaticString("null}]")
        }
        if plan.usage == .everyChunk {
            out.writeStaticString(",\"usage\":")
            OpenAIUsage.write(plan.running(running), as: plan.usage, to: &out)
        } else if plan.includesUsage && plan.usage != .missing {
            out.writeStaticString(",\"usage\":null")
        }
        out.writeStaticString("}\n\n")
    }
}
