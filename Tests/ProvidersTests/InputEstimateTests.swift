import NIOCore
import Providers
import Testing

/// What of a request counts as input, where nobody has counted its tokens.
struct InputEstimateTests {
    private func shape(_ dialect: Dialect, _ body: String) throws -> RequestShape {
        try InferenceRequest(dialect, body: ByteBuffer(string: body)).shape
    }

    /// The role, the text, and a tool as short as it can be written.
    private static let tool =
        #"[{"type":"function","function":{"name":"f","parameters":{"n":[1,2]}}}]"#
    private static let openAI =
        #"{"model":"g","messages":[{"role":"user","content":"Grüß 🙂\n\"\/"}],"tools":\#(tool)}"#

    @Test(arguments: [
        openAI,
        "\n{ \"model\" : \"g\",\r\n\t\"messages\" : [ { \"role\" : \"user\" , \"content\":"
            + "    \"Grüß 🙂\\n\\\"\\/\" } ] , \"tools\" : [ { \"type\":\"function\",\n\n\"function\":"
            + " { \"name\": \"f\", \"parameters\" : { \"n\" : [ 1 , 2 ] } } } ] }  \n",
        #"{"m\u006fdel":"\u0067","messages":[{"role":"\u0075\u0073er","content":"#
            + #""\u0047\u0072\u00fc\u00DF\u0020\ud83d\ude42\u000a\u0022\u002f"}],"#
            + #""tools":[{"type":"\u0066unction","function":{"n\u0061me":"f","parameters":{"\u006e":[1,2]}}}]}"#,
        String(openAI.dropLast())
            + #","metadata":{"a":"bbbbbbbbbb"},"user":"somebody","stop":["one","two"],"#
            + #""logit_bias":{"1":5},"max_tokens":9,"temperature":0.7,"stream":true,"#
            + #""stream_options":{"include_usage":true},"service_tier":"auto","n":1}"#,
    ])
    func `the same request has the same estimate, however it is written`(body: String) throws {
        let shape = try shape(.openai, body)
        #expect(
            shape.contentBytes == "userGrüß 🙂\n\"/".utf8.count + InputEstimateTests.tool.utf8.count
        )
        #expect(shape.textBytes == body.utf8.count)
        #expect(shape.inputEstimate(bytesPerToken: 4) <= shape.inputBound)
    }

    @Test(arguments: [
        ("{\"role\":\"user\",\"content\":\"\"}", 4),
        ("{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"Hello\"}]}", 4 + 4 + 5),
        (
            "{\"role\":\"user\",\"content\":[{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\","
                + "\"input\": {\"a\": [100000, 200000]}}]}", 4 + 8 + 1 + 1 + 21,
        ),
        (
            "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"t\","
                + "\"content\":[{\"type\":\"text\",\"text\":\"Hello\"}]}]}", 4 + 11 + 1 + 4 + 5,
        ),
        (
            "{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{\"type\":\"base64\","
                + "\"media_type\":\"image/png\",\"data\":\"AAAA\\u0041AAA\"}}]}", 4 + 5 + 6 + 9,
        ),
    ])
    func `everything that the model reads of a message counts, and its picture does not`(
        message: String,
        bytes: Int,
    ) throws {
        let shape = try shape(
            .anthropic,
            "{\"model\":\"c\",\"max_tokens\":9,\"messages\":[\(message)]}",
        )
        #expect(shape.contentBytes == bytes)
        #expect(shape.inputEstimate(bytesPerToken: 4) == Int64((bytes + 3) / 4 + 4))
    }

    @Test func `a picture whose data is all escapes takes nothing off the text`() throws {
        let data = String(repeating: #"\u0041"#, count: 1000)
        let text = String(repeating: "word ", count: 1000)
        let shape = try shape(
            .openai,
            #"{"model":"g","messages":[{"role":"user","content":["#
                + #"{"type":"image_url","image_url":{"url":"data:image/png;base64,\#(data)"}},"#
                + #"{"type":"text","text":"\#(text)"}]}]}"#,
        )
        #expect(shape.contentBytes == 4 + 9 + 4 + text.utf8.count)
    }

    @Test func `a system prompt, a schema for the answer and what we do not know count`() throws {
        let head = "{\"model\":\"c\",\"max_tokens\":9,\"messages\":[]"
        let plain = try shape(.openai, "{\"model\":\"c\",\"messages\":[{}]}").contentBytes
        #expect(plain == 0)
        let more = [
            ("\"system\":\"Be brief.\"", 9),
            ("\"system\":[{\"type\":\"text\",\"text\":\"Hi\"}]", 6),
            ("\"output_format\":{ \"schema\": {\"a\": 1}}", 18), ("\"future\":\"words\"", 5),
            ("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":5}", 0),
            ("\"metadata\":{\"user_id\":\"somebody\"}", 0),
        ]
        for (field, bytes) in more {
            let body = head.replacing("[]", with: "[{}]") + ",\(field)}"
            #expect(try shape(.anthropic, body).contentBytes == bytes, "\(field)")
        }
    }
}
