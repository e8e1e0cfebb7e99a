package import Metering
package import NIOCore

extension AnswerReader {
    /// The events with which a stream ends that we cut at the output limit, in the dialect's own
    /// way, but for its terminal event.
    package func cutEvents(_ reading: UsageReading, model: String) -> ByteBuffer {
        switch dialect {
        case .openai: ByteBuffer(string: openAICut(reading, model: model))
        case .anthropic: ByteBuffer(string: anthropicCut(reading))
        }
    }

    /// The dialect's terminal event.
    package var terminalEvent: ByteBuffer {
        switch dialect {
        case .openai: ByteBuffer(string: "data: [DONE]\n\n")
        case .anthropic:
            ByteBuffer(string: "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")
        }
    }

    private func openAICut(_ reading: UsageReading, model: String) -> String {
        let head =
            "\"id\":\(JSONText.quoted(openAI.id ?? "chatcmpl-cut")),"
            + "\"object\":\"chat.completion.chunk\",\"created\":\(openAI.created ?? 0),"
            + "\"model\":\(JSONText.quoted(answeredModel ?? model))"
        let open = openAI.openChoices.isEmpty ? [0] : openAI.openChoices.sorted()
        let finish = open.map { index in
            "data: {\(head),\"choices\":[{\"index\":\(index),\"delta\":{},\"logprobs\":null,"
                + "\"finish_reason\":\"length\"}]}\n\n"
        }.joined()
        guard wantsUsageChunk else { return finish }
        let (input, output) = (reading.usage.inputTokens, reading.usage.outputTokens)
        let usage =
            "{\"prompt_tokens\":\(input),\"completion_tokens\":\(output),"
            + "\"total_tokens\":\(input &+ output)}"
        return finish + "data: {\(head),\"choices\":[],\"usage\":\(usage)}\n\n"
    }

    private func anthropicCut(_ reading: UsageReading) -> String {
        let stop = anthropic.openBlock.map {
            "event: content_block_stop\n"
                + "data: {\"type\":\"content_block_stop\",\"index\":\($0)}\n\n"
        }
        let delta = "{\"stop_reason\":\"max_tokens\",\"stop_sequence\":null}"
        return (stop ?? "") + "event: message_delta\n"
            + "data: {\"type\":\"message_delta\",\"delta\":\(delta),"
            + "\"usage\":{\"output_tokens\":\(reading.usage.outputTokens)}}\n\n"
    }
}
