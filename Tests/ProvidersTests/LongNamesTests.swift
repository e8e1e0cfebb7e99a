import NIOCore
import Providers
import Testing

/// Unicode compares a letter with marks in an order of its own: finding it takes a time that grows
/// with the square of their number, and who asks chooses them.
@Suite struct LongNamesTests {
    private static let marks = "e" + String(repeating: "\u{301}\u{323}", count: 400_000)

    private static let messages = #""messages":[{"role":"user","content":"Hi"}]"#

    /// Bodies in which `NAME` stands for a name of many marks.
    private static let bodies = [
        #"{"model":"NAME",\#(messages)}"#,
        #"{"model":"m",\#(messages),"NAME":1}"#,
        #"{"model":"m",\#(messages),"metadata":{"NAME":1,"b":2}}"#,
        #"{"model":"m","messages":[{"role":"NAME","content":"Hi"}]}"#,
        #"{"model":"m","messages":[{"role":"user","content":[{"type":"NAME"}]}]}"#,
        #"{"model":"m",\#(messages),"tools":[{"type":"NAME","name":"a"}]}"#,
        #"{"model":"m",\#(messages),"modalities":["NAME"]}"#,
        #"{"model":"m",\#(messages),"stream_options":{"NAME":true}}"#,
        #"{"model":"m",\#(messages),"service_tier":"NAME"}"#,
    ]

    // The limit is against hanging: before such names were compared by bytes it was minutes.
    @Test(.timeLimit(.minutes(1)), arguments: bodies, [Dialect.openai, .anthropic])
    func `no name makes the reading of a request long`(body: String, dialect: Dialect) {
        let bytes = ByteBuffer(string: body.replacing("NAME", with: LongNamesTests.marks))
        // Refused or not: that it is told at all is the point.
        _ = Result { try InferenceRequest(dialect, body: bytes) }
    }

    @Test(arguments: [Dialect.openai, .anthropic])
    func `a model has a name of 256 bytes at most`(dialect: Dialect) throws {
        func body(_ length: Int) -> ByteBuffer {
            let model = String(repeating: "m", count: length)
            return ByteBuffer(
                string: #"{"model":"\#(model)","max_tokens":9,\#(LongNamesTests.messages)}"#
            )
        }
        #expect(try InferenceRequest(dialect, body: body(256)).model.count == 256)
        #expect(throws: RequestError.outOfRange("model")) {
            try InferenceRequest(dialect, body: body(257))
        }
    }
}
