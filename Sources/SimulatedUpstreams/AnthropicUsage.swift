import NIOCore

/// Usage as a message tells it: input tokens exclude the cached ones.
enum AnthropicUsage {
    static func write(
        _ tokens: SentTokens?,
        as form: SimulatedUsageForm,
        to out: inout ByteBuffer,
    ) {
        guard let tokens else {
            out.writeStaticString("null")
            return
        }
        out.writeStaticString("{\"input_tokens\":")
        out.writeTokens(tokens.input, as: form)
        out.writeStaticString(",\"cache_creation_input_tokens\":")
        out.writeTokens(tokens.cacheWrite, as: form)
        out.writeStaticString(",\"cache_read_input_tokens\":")
        out.writeTokens(tokens.cacheRead, as: form)
        out.writeStaticString(",\"cache_creation\":{\"ephemeral_5m_input_tokens\":")
        out.writeTokens(tokens.cacheWrite5m, as: form)
        out.writeStaticString(",\"ephemeral_1h_input_tokens\":")
        out.writeTokens(tokens.cacheWrite1h, as: form)
        out.writeStaticString("},\"output_tokens\":")
        out.writeTokens(tokens.output, as: form)
        out.writeStaticString(",\"service_tier\":\"standard\"}")
    }

    /// The cumulative usage of a `message_delta`: by the documentation only output, unless told in the long form.
    static func writeDelta(
        _ tokens: SentTokens?,
        as form: SimulatedUsageForm,
        to out: inout ByteBuffer,
    ) {
        guard let tokens, form != .everyChunk else {
            write(tokens, as: form, to: &out)
            return
        }
        out.writeStaticString("{\"output_tokens\":")
        out.writeTokens(tokens.output, as: form)
        out.writeStaticString("}")
    }
}
