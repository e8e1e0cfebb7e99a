import Metering
import NIOCore
import Providers

extension Subject {
    private static let eventCount = 1000
    private static let pieceSize = 1400

    /// The event stream alone, in pieces as a network brings them.
    static var eventStream: Subject {
        let stream = openAIEvents
        let pieces = cut(stream)
        return Subject("event stream", bytes: stream.utf8.count, count: eventCount) {
            var parser = EventStreamParser(limit: 1 << 20)
            var bytes = 0
            for piece in pieces {
                parser.append(piece)
                while let event = try parser.next() { bytes += event.raw.readableBytes }
            }
            keep(bytes)
        }
    }

    /// A stream in OpenAI's dialect, to its usage.
    static var openAIStream: Subject { reading(.openai, openAIEvents) }
    /// A stream in Anthropic's dialect, to its usage.
    static var anthropicStream: Subject { reading(.anthropic, anthropicEvents) }

    private static func reading(_ dialect: Dialect, _ stream: String) -> Subject {
        let pieces = cut(stream)
        let name = "usage of a stream, \(dialect)"
        return Subject(name, bytes: stream.utf8.count, count: eventCount) {
            var parser = EventStreamParser(limit: 1 << 20)
            var reader = AnswerReader(dialect, wantsUsageChunk: false)
            var meter = UsageMeter(
                UsageMeter.Bounds(inputEstimate: 100, outputLimit: 4096, bytesPerToken: 4)
            )
            for piece in pieces {
                parser.append(piece)
                while let event = try parser.next() { keep(reader.read(event, into: &meter)) }
            }
            precondition(meter.reading.source == .reported, "the stream states its usage")
            keep(meter.reading)
        }
    }

    private static func cut(_ stream: String) -> [ByteBuffer] {
        var rest = ByteBuffer(string: stream)
        var pieces: [ByteBuffer] = []
        while let piece = rest.readSlice(length: min(pieceSize, rest.readableBytes)),
            piece.readableBytes > 0
        {
            pieces.append(ByteBuffer(bytes: piece.readableBytesView))
        }
        return pieces
    }

    private static var openAIEvents: String {
        let head = #"{"id":"chatcmpl-1","object":"chat.completion.chunk","model":"gpt-4o","#
        let event =
            #"data: \#(head)"choices":[{"index":0,"delta":{"content":" word"}}],"usage":null}"#
        let usage = #""usage":{"prompt_tokens":100,"completion_tokens":998,"total_tokens":1098}"#
        return String(repeating: event + "\n\n", count: eventCount - 2)
            + #"data: \#(head)"choices":[],\#(usage)}"# + "\n\ndata: [DONE]\n\n"
    }

    private static var anthropicEvents: String {
        let start =
            #"{"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[]"#
        let delta = #""index":0,"delta":{"type":"text_delta","text":" word"}"#
        let event =
            "event: content_block_delta\n"
            + #"data: {"type":"content_block_delta",\#(delta)}"# + "\n\n"
        return "event: message_start\n"
            + #"data: {"type":"message_start","message":\#(start),"#
            + #""usage":{"input_tokens":100,"output_tokens":1}}}"# + "\n\n"
            + String(repeating: event, count: eventCount - 3)
            + "event: message_delta\n"
            + #"data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"#
            + #""usage":{"output_tokens":998}}"# + "\n\n"
            + "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
    }

    // MARK: Requests

    static var openAIRequest: Subject { request(.openai) }
    static var anthropicRequest: Subject { request(.anthropic) }

    /// A request of twenty messages, read, and the body that goes upstream.
    private static func request(_ dialect: Dialect) -> Subject {
        let words = String(repeating: "a message that is as long as most are, ", count: 25)
        let messages = (0..<20).map { index in
            #"{"role":"\#(index % 2 == 0 ? "user" : "assistant")","content":"\#(words)"}"#
        }
        let body = ByteBuffer(
            string: #"{"model":"sample","max_tokens":256,"stream":true,"messages":["#
                + messages.joined(separator: ",") + "]}"
        )
        return Subject("request, \(dialect)", bytes: body.readableBytes) {
            let request = try InferenceRequest(dialect, body: body)
            keep(request.shape)
            keep(
                request.upstreamBody(model: "upstream", limit: 256, limitField: "max_tokens")
                    .readableBytes
            )
        }
    }
}
