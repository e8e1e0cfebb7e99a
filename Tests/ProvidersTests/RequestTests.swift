import NIOCore
import Providers
import Testing

@Suite struct RequestTests {
    private func openAI(_ more: String) throws(RequestError) -> InferenceRequest {
        try InferenceRequest(
            .openai,
            body: ByteBuffer(
                string:
                    "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]"
                    + (more.isEmpty ? "}" : ",\(more)}")
            ),
        )
    }

    private func anthropic(_ more: String) throws(RequestError) -> InferenceRequest {
        try InferenceRequest(
            .anthropic,
            body: ByteBuffer(
                string:
                    "{\"model\":\"claude\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]"
                    + (more.isEmpty ? "}" : ",\(more)}")
            ),
        )
    }

    @Test(arguments: [
        ("\"max_tokens\":0", RequestError.outOfRange("max_tokens")),
        ("\"max_tokens\":-1", .outOfRange("max_tokens")),
        ("\"max_tokens\":1.0", .outOfRange("max_tokens")),
        ("\"max_tokens\":1e2", .outOfRange("max_tokens")),
        ("\"max_completion_tokens\":10000000000000000000", .outOfRange("max_completion_tokens")),
        ("\"max_tokens\":\"5\"", .wrongType("max_tokens")), ("\"n\":129", .outOfRange("n")),
        ("\"n\":0", .outOfRange("n")), ("\"stream\":\"true\"", .wrongType("stream")),
        ("\"stream\":1", .wrongType("stream")),
        ("\"stream_options\":{\"include_usage\":1}", .wrongType("stream_options")),
        ("\"tools\":[{\"type\":\"web_search_preview\"}]", .unbounded("tools")),
        ("\"Model\":\"o1-pro\"", .disguised("Model")),
        ("\"max_tokens\":1,\"Max_Tokens\":9000", .disguised("Max_Tokens")),
        ("\"\u{17F}tream\":true", .disguised("\u{17F}tream")),
        ("\"max_to\u{212A}ens\":9000", .disguised("max_to\u{212A}ens")),
        ("\"stream_options\":{\"Include_Usage\":false}", .disguised("Include_Usage")),
        ("\"service_tier\":\"priority\"", .unpriced("service_tier")),
        ("\"modalities\":[\"text\",\"audio\"]", .unpriced("modalities")),
        ("\"audio\":{\"voice\":\"alloy\"}", .unpriced("audio")),
        ("\"prediction\":{\"type\":\"content\"}", .unpriced("prediction")),
        (
            "\"web_search_options\":{\"search_context_size\":\"low\"}",
            .unbounded("web_search_options"),
        ), ("\"web_search_options\":{}", .unbounded("web_search_options")),
        ("\"models\":[\"anthropic/claude-opus-4.6\"]", .unpriced("models")),
        ("\"route\":\"fallback\"", .unpriced("route")),
        ("\"plugins\":[{\"id\":\"web\"}]", .unpriced("plugins")),
        ("\"preset\":\"dear\"", .unpriced("preset")),
        ("\"provider\":{\"only\":[\"dear\"]}", .unpriced("provider")),
        ("\"mode\\u006c\\u0073\":[\"x\"]", .unpriced("models")),
    ])
    func `an OpenAI request that can not be billed is refused by its field`(
        more: String,
        error: RequestError,
    ) {
        #expect(throws: error) { try openAI(more) }
    }

    @Test(arguments: [
        ("", RequestError.missing("max_tokens")), ("\"max_tokens\":0", .outOfRange("max_tokens")),
        ("\"max_tokens\":9,\"speed\":\"fast\"", .unpriced("speed")),
        ("\"max_tokens\":9,\"inference_geo\":\"us\"", .unpriced("inference_geo")),
        ("\"max_tokens\":9,\"mcp_servers\":[{\"url\":\"x\"}]", .unbounded("mcp_servers")),
        (
            "\"max_tokens\":9,\"tools\":[{\"type\":\"code_execution_20250825\"}]",
            .unbounded("tools"),
        ),
        ("\"max_tokens\":9,\"tools\":[{\"type\":\"web_search_20250305\"}]", .unbounded("tools")),
        ("\"max_tokens\":9,\"fallbacks\":[{\"model\":\"dear\"}]", .unpriced("fallbacks")),
        ("\"max_tokens\":9,\"thread\":{\"type\":\"continue\"}", .unbounded("thread")),
        (
            "\"max_tokens\":9,\"context_management\":{\"edits\":[{\"type\":\"compact_20260112\"}]}",
            .unbounded("context_management"),
        ),
    ])
    func `an Anthropic request that can not be billed is refused by its field`(
        more: String,
        error: RequestError,
    ) {
        #expect(throws: error) { try anthropic(more) }
    }

    @Test(arguments: [
        "\"provider\":{\"zdr\":true,\"data_collection\":\"deny\",\"order\":null}",
        "\"provider\":null,\"models\":[],\"plugins\":null,\"web_search_options\":null",
        "\"future\":{\"models\":[\"x\"]}",
    ])
    func `an option that changes no price passes`(more: String) throws { _ = try openAI(more) }

    @Test func `edits that only clear the context pass`() throws {
        _ = try anthropic(
            "\"max_tokens\":9,\"thread\":null,"
                + "\"context_management\":{\"edits\":[{\"type\":\"clear_tool_uses_20250919\"}]}"
        )
    }

    @Test(arguments: ["data:application/pdf;base64,JVBE", "file:///x.png", "DATA:image/png,x"])
    func `data that is no picture is refused`(url: String) {
        let body =
            "{\"model\":\"g\",\"messages\":[{\"role\":\"user\",\"content\":["
            + "{\"type\":\"image_url\",\"image_url\":{\"url\":\"\(url)\"}}]}]}"
        #expect(throws: RequestError.unbounded("messages")) {
            try InferenceRequest(.openai, body: ByteBuffer(string: body))
        }
    }

    @Test(arguments: [
        "{\"type\":\"document\",\"source\":{\"type\":\"base64\",\"data\":\"JVBE\"}}",
        "{\"type\":\"document\",\"source\":{\"type\":\"file\",\"file_id\":\"f\"}}",
        "{\"type\":\"tool_result\",\"content\":[{\"type\":\"document\",\"source\":{\"type\":\"url\"}}]}",
        "{\"type\":\"container_upload\",\"file_id\":\"f\"}",
    ])
    func `a document whose tokens nobody can bound is refused`(block: String) {
        let body =
            "{\"model\":\"c\",\"max_tokens\":9,"
            + "\"messages\":[{\"role\":\"user\",\"content\":[\(block)]}]}"
        #expect(throws: RequestError.unbounded("messages")) {
            try InferenceRequest(.anthropic, body: ByteBuffer(string: body))
        }
    }

    @Test func `pictures are counted and their bytes are not text`() throws {
        let data = String(repeating: "A", count: 10_000)
        let openAI = try InferenceRequest(
            .openai,
            body: ByteBuffer(
                string: "{\"model\":\"g\",\"messages\":[{\"role\":\"user\",\"content\":["
                    + "{\"image_url\":{\"url\":\"data:image/png;base64,\(data)\"},"
                    + "\"type\":\"image_url\"}]}]}"
            ),
        )
        let anthropic = try InferenceRequest(
            .anthropic,
            body: ByteBuffer(
                string: "{\"model\":\"c\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\","
                    + "\"content\":[{\"source\":{\"data\":\"\(data)\",\"type\":\"base64\"},"
                    + "\"type\":\"image\"}]}]}"
            ),
        )
        for request in [openAI, anthropic] {
            #expect(request.shape.images == 1)
            #expect(request.shape.textBytes < 300)
        }
    }

    @Test func `the bound covers every byte of text, each message and the tools`() throws {
        let plain = try openAI("")
        #expect(plain.shape.inputBound >= Int64(plain.shape.textBytes))
        let tools = try openAI("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]")
        #expect(tools.shape.inputBound >= plain.shape.inputBound + 1024)
    }

    @Test(arguments: [
        ("", "{\"stream_options\":{\"include_usage\":true},\"model\":\"gpt-4o\""),
        (
            "\"stream_options\":{}", "\"stream_options\":{\"include_usage\":true},\"stream\":true}",
        ), ("\"stream_options\":null", "\"stream_options\":{\"include_usage\":true}"),
        (
            "\"stream_options\":{ \"include_obfuscation\":false }",
            "\"stream_options\":{\"include_usage\":true, \"include_obfuscation\":false }",
        ),
        (
            "\"stream_options\":{\"include_usage\":false}",
            "\"stream_options\":{\"include_usage\":true}",
        ), ("\"stream_options\":{\"include_usage\":true}", "{\"include_usage\":true}"),
    ])
    func `a stream is asked for its usage, and nothing else of it changes`(
        options: String,
        expected: String,
    ) throws {
        let more = options.isEmpty ? "" : "\(options),"
        let request = try openAI(
            "\(more)\"stream\":true,\"temperature\":0,\"future\":{\"a\":[1.0]}"
        )
        let body = String(
            buffer: request.upstreamBody(model: "gpt-4o", limit: nil, limitField: "max_tokens")
        )
        let text =
            options == "\"stream_options\":{}"
            ? "\"stream_options\":{\"include_usage\":true}" : expected
        #expect(body.contains(text))
        #expect(body.hasSuffix("\"stream\":true,\"temperature\":0,\"future\":{\"a\":[1.0]}}"))
        try ByteBuffer(string: body).checkJSON()
    }

    @Test func `a request that needs no change goes upstream byte for byte`() throws {
        let text =
            "{ \"messages\":[{\"role\":\"user\",\"content\":\"\\u0048i\"}],\n\"x\":1.50,"
            + "\"model\" : \"gpt-4o\",\"temperature\":0 , \"max_tokens\":5}"
        let request = try InferenceRequest(.openai, body: ByteBuffer(string: text))
        let body = request.upstreamBody(model: "gpt-4o", limit: 5, limitField: "max_tokens")
        #expect(String(buffer: body) == text)
    }

    @Test func `the model's upstream name and a lowered limit replace what stands there`() throws {
        let request = try openAI("\"max_completion_tokens\": 5000")
        let body = request.upstreamBody(
            model: "vendor/big\"model",
            limit: 1024,
            limitField: "max_tokens",
        )
        #expect(
            String(buffer: body) == "{\"model\":\"vendor/big\\\"model\",\"messages\":"
                + "[{\"role\":\"user\",\"content\":\"Hi\"}],\"max_completion_tokens\": 1024}"
        )
    }

    @Test(arguments: [
        ("\"max_completion_tokens\":null", "\"max_completion_tokens\":7"),
        (
            "\"max_tokens\":10,\"max_completion_tokens\":20",
            "\"max_tokens\":7,\"max_completion_tokens\":7",
        ),
        (
            "\"max_tokens\":7,\"max_completion_tokens\":20",
            "\"max_tokens\":7,\"max_completion_tokens\":7",
        ),
        (
            "\"max_tokens\":10,\"max_completion_tokens\":null",
            "\"max_tokens\":7,\"max_completion_tokens\":null",
        ),
    ])
    func `no limit that stands in a request is higher upstream than the one that must hold`(
        stated: String,
        sent: String,
    ) throws {
        let request = try openAI(stated)
        let body = request.upstreamBody(
            model: "gpt-4o",
            limit: 7,
            limitField: "max_completion_tokens",
        )
        #expect(
            String(buffer: body) == "{\"model\":\"gpt-4o\",\"messages\":"
                + "[{\"role\":\"user\",\"content\":\"Hi\"}],\(sent)}"
        )
    }

    @Test func `a limit is inserted where the request names none`() throws {
        let body = try openAI("").upstreamBody(model: "gpt-4o", limit: 7, limitField: "max_tokens")
        #expect(String(buffer: body).hasPrefix("{\"max_tokens\":7,\"model\":\"gpt-4o\""))
    }

    @Test(arguments: [0, 1, 100, 16 << 10, (16 << 10) + 1, 1 << 20])
    func `a body of any size goes upstream with the same edits`(size: Int) throws {
        let text = String(repeating: "x", count: size)
        let request = try openAI("\"user\":\"\(text)\",\"max_tokens\":9,\"stream\":true")
        let body = request.upstreamBody(model: "other", limit: 7, limitField: "max_tokens")
        #expect(
            String(buffer: body)
                == "{\"stream_options\":{\"include_usage\":true},\"model\":\"other\","
                + "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"user\":\"\(text)\","
                + "\"max_tokens\":7,\"stream\":true}"
        )
    }

    @Test func `what stays of a large body goes upstream without being copied`() throws {
        let picture = String(repeating: "x", count: 1 << 20)
        let body = ByteBuffer(
            string:
                "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\",\"content\":\"\(picture)\"}],"
                + "\"max_tokens\":9}"
        )
        let request = try InferenceRequest(.openai, body: body)
        let pieces = request.upstreamPieces(model: "other", limit: 7, limitField: "max_tokens")
        let there = body.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
        let copied = pieces.reduce(0) { copied, piece in
            let start = piece.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
            let isShared = (there..<there + UInt(body.readableBytes)).contains(start)
            return copied + (isShared ? 0 : piece.readableBytes)
        }
        #expect(copied < 100)
        #expect(pieces.joined().readableBytes == body.readableBytes - 1)
    }
}
