import NIOCore

/// Usage as a chat completion tells it: prompt tokens include the cached ones.
enum OpenAIUsage {
    static func write(
        _ tokens: SentTokens?,
        as form: SimulatedUsageForm,
        to out: inout ByteBuffer,
    ) {
        guard let tokens else {
            out.writeStaticString("null")
            return
        }
        out.writeStaticString("{\"prompt_tokens\":")
        out.writeTokens(tokens.allInput, as: form)
        out.writeStaticString(",\"completion_tokens\":")
        out.writeTokens(tokens.output, as: form)
        out.writeStaticString(",\"total_tokens\":")
        out.writeTokens(tokens.allInput + tokens.output, as: form)
        out.writeStaticString(",\"prompt_tokens_details\":{\"cached_tokens\":")
        out.writeTokens(tokens.cacheRead, as: form)
        if tokens.cacheWrite > 0 {
            out.writeStaticString(",\"cache_write_tokens\":")
            out.writeTokens(tokens.cacheWrite, as: form)
        }
        out.writeStaticString(
            ",\"audio_tokens\":0},\"completion_tokens_details\":{\"reasoning_tokens\":"
        )
        out.writeTokens(tokens.reasoning, as: form)
        out.writeStaticString(
            ",\"audio_tokens\":0,\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}}"
        )
    }
}
