import NIOHTTP1
import SimulatedUpstreams
import Testing

struct OpenAITests {
    private let streamed = #""stream":true,"stream_options":{"include_usage":true}"#

    @Test func `a whole answer has the provider's fields`() async throws {
        try await withUpstream { _, client in
            let reply = try await client.chat("", "text=Hi%20you%20there")
            #expect(reply.status == 200)
            #expect(reply.headers.first(name: "content-type") == "application/json")
            #expect(reply.headers.first(name: "x-request-id")?.hasPrefix("req_") == true)
            #expect(reply.json["id"].string?.hasPrefix("chatcmpl-") == true)
            #expect(reply.json["object"].string == "chat.completion")
            #expect(reply.json["model"].string == "m")
            #expect(reply.json["choices"][0]["message"]["content"].string == "Hi you there")
            #expect(reply.json["choices"][0]["message"]["role"].string == "assistant")
            #expect(reply.json["choices"][0]["finish_reason"].string == "stop")
            #expect(reply.json["choices"][0]["logprobs"].isNull)
            #expect(reply.json["usage"]["prompt_tokens"].int == 3)
            #expect(reply.json["usage"]["completion_tokens"].int == 3)
            #expect(reply.json["usage"]["total_tokens"].int == 6)
        }
    }

    @Test func `prompt tokens include the cache and completion tokens the reasoning`() async throws
    {
        try await withUpstream { _, client in
            let reply = try await client.chat(
                "",
                "input_tokens=10;cache_read_tokens=5;reasoning_tokens=7;output_tokens=9",
            )
            let usage = reply.json["usage"]
            #expect(usage["prompt_tokens"].int == 15)
            #expect(usage["prompt_tokens_details"]["cached_tokens"].int == 5)
            #expect(usage["completion_tokens"].int == 9)
            #expect(usage["completion_tokens_details"]["reasoning_tokens"].int == 7)
            #expect(reply.json["choices"][0]["message"]["content"].string == "lorem ipsum")
        }
    }

    @Test func `a streamed answer sends one delta for each token and then its usage`() async throws
    {
        try await withUpstream { upstream, client in
            let reply = try await client.chat(streamed, "output_tokens=4")
            #expect(
                reply.headers.first(name: "content-type")?.hasPrefix("text/event-stream") == true
            )
            #expect(reply.events.last == "[DONE]")
            let events = reply.jsonEvents
            #expect(events.count == 7)
            #expect(events[0]["choices"][0]["delta"]["role"].string == "assistant")
            let deltas = events[1...4].compactMap { $0["choices"][0]["delta"]["content"].string }
            #expect(deltas == ["lorem", " ipsum", " dolor", " sit"])
            #expect(events[5]["choices"][0]["finish_reason"].string == "stop")
            #expect(events[..<6].allSatisfy { $0["usage"].isNull })
            #expect(events[6]["choices"].count == 0)
            #expect(events[6]["usage"]["completion_tokens"].int == 4)
            #expect(upstream.record.last?.pieces == 8)
        }
    }

    @Test func `a streamed answer sends usage only when it was asked for`() async throws {
        try await withUpstream { _, client in
            let reply = try await client.chat(#""stream":true"#, "output_tokens=2")
            #expect(!reply.text.contains("usage"))
            #expect(reply.events.count == 5)
        }
    }

    @Test func `several choices are answered and counted`() async throws {
        try await withUpstream { upstream, client in
            let whole = try await client.chat(#""n":3"#, "output_tokens=2")
            #expect(whole.json["choices"].count == 3)
            #expect(whole.json["usage"]["completion_tokens"].int == 6)
            #expect(upstream.record.last?.sent.output == 6)
            let stream = try await client.chat(#""n":2,"# + streamed, "output_tokens=2")
            let indices = stream.jsonEvents.compactMap { $0["choices"][0]["index"].int }
            #expect(indices == [0, 1, 0, 1, 0, 1, 0, 1])
            #expect(stream.jsonEvents.last?["usage"]["completion_tokens"].int == 4)
        }
    }

    @Test(arguments: ["max_tokens", "max_completion_tokens"])
    func `the limit of the request cuts the answer`(name: String) async throws {
        try await withUpstream { _, client in
            let cut = try await client.chat("\"\(name)\":3", "output_tokens=9")
            #expect(cut.json["choices"][0]["finish_reason"].string == "length")
            #expect(cut.json["choices"][0]["message"]["content"].string == "lorem ipsum dolor")
            #expect(cut.json["usage"]["completion_tokens"].int == 3)
            let more = try await client.chat(
                "\"\(name)\":3",
                "output_tokens=9;fault=ignore_max_tokens",
            )
            #expect(more.json["usage"]["completion_tokens"].int == 9)
            #expect(more.json["choices"][0]["finish_reason"].string == "stop")
        }
    }

    @Test func `a tool is called when the request has one`() async throws {
        let tools = #""tools":[{"type":"function","function":{"name":"weather","parameters":{}}}]"#
        try await withUpstream { _, client in
            let whole = try await client.chat(tools, "tool=1").json["choices"][0]
            let call = whole["message"]["tool_calls"][0]
            #expect(whole["finish_reason"].string == "tool_calls")
            #expect(whole["message"]["content"].isNull)
            #expect(call["function"]["name"].string == "weather")
            #expect(call["function"]["arguments"].string == #"{"city":"Paris"}"#)
            let events = try await client.chat(tools + "," + streamed, "tool=1").jsonEvents
            let calls = events.map { $0["choices"][0]["delta"]["tool_calls"][0]["function"] }
            #expect(calls[0]["name"].string == "weather")
            let arguments = calls.compactMap { $0["arguments"].string }.joined()
            #expect(arguments == #"{"city":"Paris"}"#)
            #expect(events.last?["usage"]["completion_tokens"].int == 5)
            let plain = try await client.chat("", "tool=1").json["choices"][0]
            #expect(plain["finish_reason"].string == "stop")
        }
    }

    @Test func `images count as 100 tokens each`() async throws {
        let body = """
            {"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"12345"},
            {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]}]}
            """
        try await withUpstream { _, client in
            let headers = TestClient.headers("")
            let reply = try await client.send(.POST, TestClient.chat, headers: headers, body: body)
            #expect(reply.json["usage"]["prompt_tokens"].int == 102)
        }
    }

    @Test func `text with quotes and lines survives`() async throws {
        try await withUpstream { _, client in
            let reply = try await client.chat("", "text=%22a%22%0A%5C%01%C3%A9")
            #expect(
                reply.json["choices"][0]["message"]["content"].string == "\"a\"\n\\\u{1}é"
            )
        }
    }

    @Test(arguments: ["/api/v1/chat/completions", "/openai/v1/chat/completions?x=1"])
    func `a prefix before the path is accepted`(path: String) async throws {
        try await withUpstream { _, client in
            let reply = try await client.chat(path: path)
            #expect(reply.status == 200)
        }
    }

    @Test func `the models are listed`() async throws {
        try await withUpstream { _, client in
            let list = try await client.send(
                .GET,
                "/v1/models",
                headers: ["authorization": "Bearer k"],
            )
            #expect(list.json["object"].string == "list")
            #expect(list.json["data"][0]["object"].string == "model")
            let one = try await client.send(
                .GET,
                "/v1/models/a/b",
                headers: ["authorization": "Bearer k"],
            )
            #expect(one.json["id"].string == "a/b")
        }
    }
}
