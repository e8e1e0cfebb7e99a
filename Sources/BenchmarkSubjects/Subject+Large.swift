import Metering
import NIOCore
import Providers

extension Subject {
    /// What takes time by its bytes: a megabyte of each kind that agents send and models answer.
    static var large: [Subject] {
        [
            largeRequest("picture", content: picture),
            largeRequest("text", content: "\"\(prose)\""),
            largeRequest("other scripts", content: "\"\(script)\""),
            largeRequest("small values", content: "\"Hi\"", more: smallValues),
            largeAnswer,
        ]
    }

    private static let megabyte = 1 << 20

    private static func repeated(_ text: String) -> String {
        String(repeating: text, count: megabyte / text.utf8.count)
    }

    /// A picture in Base64, as one string.
    private static var picture: String {
        let data = repeated("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ")
        return #"[{"type":"image_url","image_url":{"url":"data:image/png;base64,\#(data)"}}]"#
    }

    /// A source text: an escape every sixty bytes.
    private static var prose: String {
        repeated(#"    let found = try bytes.firstIndex(of: line) ?? bytes.end;\n"#)
    }

    private static var script: String { repeated("これは長い文章です。") }
    private static var smallValues: String {
        ",\"metadata\":[" + repeated(#"{"a":1,"b":"x"},"#) + "0]"
    }

    /// A request of a megabyte, read, and the body that goes upstream.
    private static func largeRequest(
        _ name: String,
        content: String,
        more: String = "",
    ) -> Subject {
        let body = ByteBuffer(
            string: #"{"model":"sample","max_tokens":256,"messages":["#
                + #"{"role":"user","content":\#(content)}]\#(more)}"#
        )
        return Subject("request of 1 MB, \(name)", bytes: body.readableBytes) {
            let request = try InferenceRequest(.openai, body: body)
            keep(request.shape)
            keep(request.upstreamPieces(model: "upstream", limit: 256, limitField: "max_tokens"))
        }
    }

    /// An answer of a megabyte, read to its usage.
    private static var largeAnswer: Subject {
        let usage = #"{"prompt_tokens":100,"completion_tokens":998,"total_tokens":1098}"#
        let body = ByteBuffer(
            string: #"{"model":"sample","choices":[{"index":0,"finish_reason":"stop","#
                + #""message":{"role":"assistant","content":"\#(prose)"}}],"usage":\#(usage)}"#
        )
        return Subject("answer of 1 MB", bytes: body.readableBytes) {
            var reader = AnswerReader(.openai, wantsUsageChunk: false)
            var meter = UsageMeter(
                UsageMeter.Bounds(inputEstimate: 100, outputLimit: 4096, bytesPerToken: 4)
            )
            precondition(reader.read(body: body, into: &meter) == .answer, "it is an answer")
            keep(meter.reading)
        }
    }
}
