import NIOCore

/// A message, streamed.
struct AnthropicStream {
    let plan: AnswerPlan

    func body() -> AnswerBody {
        var body = AnswerBody.stream(.anthropic)
        let hasBlock = plan.toolName != nil || !plan.pieces.isEmpty
        body.append { writeMessageStart(to: &$0) }
        if hasBlock { body.append { writeBlockStart(to: &$0) } }
        body.append { $0.writeStaticString("event: ping\ndata: {\"type\":\"ping\"}\n\n") }
        for (index, piece) in plan.pieces.enumerated() {
            body.append { writeDelta(piece, to: &$0) }
            if plan.usage == .everyChunk {
                body.append { writeMessageDelta(plan.running(index + 1), isLast: false, to: &$0) }
            }
        }
        if hasBlock { body.append { $0.writeStaticString(Self.blockStop) } }
        appendEnding(to: &body)
        return body
    }

    /// A delta of 20 MB.
    func hugeEvent() -> ByteBuffer {
        var out = ByteBuffer()
        writeDelta(String(repeating: "x", count: 20_000_000)[...], to: &out)
        return out
    }

    private func appendEnding(to body: inout AnswerBody) {
        let tellings = plan.tellings
        if tellings.isEmpty { body.append { writeMessageDelta(nil, isLast: true, to: &$0) } }
        for (index, telling) in tellings.enumerated() {
            let isLast = index == tellings.count - 1
            body.append { writeMessageDelta(telling, isLast: isLast, to: &$0) }
        }
        body.append {
            $0.writeStaticString("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")
        }
    }

    private func writeMessageStart(to out: inout ByteBuffer) {
        out.writeStaticString(
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":"
        )
        AnthropicAnswer(plan: plan).writeEnvelope(to: &out)
        out.writeStaticString("],\"stop_reason\":null,\"stop_sequence\":null")
        if plan.usage != .missing {
            var tokens = plan.tokens
            tokens.output = min(1, tokens.output)
            out.writeStaticString(",\"usage\":")
            AnthropicUsage.write(plan.usage == .null ? nil : tokens, as: plan.usage, to: &out)
        }
        out.writeStaticString("}}\n\n")
    }

    private func writeBlockStart(to out: inout ByteBuffer) {
        out.writeStaticString(
            """
            event: content_block_start
            data: {"type":"content_block_start","index":0,"content_block":
            """
        )
        if let name = plan.toolName {
            AnthropicAnswer(plan: plan).writeToolOpening(name, to: &out)
            out.writeStaticString("{}}}\n\n")
        } else {
            out.writeStaticString("{\"type\":\"text\",\"text\":\"\"}}\n\n")
        }
    }

    private func writeDelta(_ piece: Substring, to out: inout ByteBuffer) {
        out.writeStaticString(
            """
            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":
            """
        )
        if plan.toolName == nil {
            out.writeStaticString("{\"type\":\"text_delta\",\"text\":")
        } else {
            out.writeStaticString("{\"type\":\"input_json_delta\",\"partial_json\":")
        }
        out.writeJSONString(piece)
        out.writeStaticString("}}\n\n")
    }

    private func writeMessageDelta(_ tokens: SentTokens?, isLast: Bool, to out: inout ByteBuffer) {
        out.writeStaticString(
            "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
        )
        if isLast {
            out.writeStaticString("\"")
            out.writeStaticString(AnthropicAnswer(plan: plan).stopReason)
            out.writeStaticString("\"")
        } else {
            out.writeStaticString("null")
        }
        out.writeStaticString(",\"stop_sequence\":null}")
        if plan.usage != .missing {
            out.writeStaticString(",\"usage\":")
            AnthropicUsage.writeDelta(tokens, as: plan.usage, to: &out)
        }
        out.writeStaticString("}\n\n")
    }

    private static let blockStop: StaticString = """
        event: content_block_stop
        data: {"type":"content_block_stop","index":0}


        """
}
