import NIOHTTP1
import SimulatedUpstreams
import Testing

struct AnthropicTests {
    @Test func `a whole answer has the provider's fields`() async throws {
        try await withUpstream { _, client in
            let directives = "text=Hi%20you;input_tokens=10;cache_read_tokens=5"
            let reply = try await client.message(
                "",
                directives + ";cache_write_5m_tokens=3;cache_write_1h_tokens=4",
            )
            #expect(reply.status == 200)
            #expect(reply.headers.first(name: "request-id")?.hasPrefix("req_") == true)
            #expect(reply.json["id"].string?.hasPrefix("msg_") == true)
            #expect(reply.json["type"].string == "message")
            #expect(reply.json["content"][0]["text"].string == "Hi you")
            #expect(reply.json["stop_reason"].string == "end_turn")
            #expect(reply.json["stop_sequence"].isNull)
            let usage = reply.json["usage"]
            #expect(usage["input_tokens"].int == 10)
            #expect(usage["cache_read_input_tokens"].int == 5)
            #expect(usage["cache_creation_input_tokens"].int == 7)
            #expect(usage["cache_creation"]["ephemeral_5m_input_tokens"].int == 3)
            #expect(usage["cache_creation"]["ephemeral_1h_input_tokens"].int == 4)
            #expect(usage["output_tokens"].int == 2)
        }
    }

    @Test func `a streamed answer has the provider's events in order`() async throws {
        try await withUpstream { _, client in
            let reply = try await client.message(
                #","stream":true"#,
                "output_tokens=3;input_tokens=8",
            )
            #expect(reply.headers.first(name: "content-type") == "text/event-stream")
            let names = reply.text.split(separator: "\n").filter { $0.hasPrefix("event: ") }
                .map { String($0.dropFirst(7)) }
            let delta = "content_block_delta"
            #expect(
                names == [
                    "message_start", "content_block_start", "ping", delta, delta, delta,
                    "content_block_stop", "message_delta", "message_stop",
                ]
            )
            let events = reply.jsonEvents
            #expect(events.map { $0["type"].string } == names)
            #expect(events[0]["message"]["usage"]["input_tokens"].int == 8)
            #expect(events[0]["message"]["usage"]["output_tokens"].int == 1)
            let text = events.compactMap { $0["delta"]["text"].string }
            #expect(text == ["lorem", " ipsum", " dolor"])
            #expect(events[7]["usage"]["output_tokens"].int == 3)
            #expect(events[7]["delta"]["stop_reason"].string == "end_turn")
        }
    }

    @Test func `a tool is called when the request has one`() async throws {
        let tools = #","tools":[{"name":"weather","input_schema":{"type":"object"}}]"#
        try await withUpstream { _, client in
            let whole = try await client.message(tools, "tool=1")
            #expect(whole.json["stop_reason"].string == "tool_use")
            #expect(whole.json["content"][0]["name"].string == "weather")
            #expect(whole.json["content"][0]["input"]["city"].string == "Paris")
            let events = try await client.message(tools + #","stream":true"#, "tool=1").jsonEvents
            #expect(events[1]["content_block"]["type"].string == "tool_use")
            let pieces = events.compactMap { $0["delta"]["partial_json"].string }
            #expect(pieces.count > 1)
            #expect(pieces.joined() == #"{"city":"Paris"}"#)
        }
    }

    @Test func `the limit of the request cuts the answer`() async throws {
        try await withUpstream { _, client in
            let reply = try await client.message("", "output_tokens=101")
            #expect(reply.json["stop_reason"].string == "max_tokens")
            #expect(reply.json["usage"]["output_tokens"].int == 100)
        }
    }

    @Test func `tokens are counted without an answer`() async throws {
        try await withUpstream { _, client in
            let body = TestClient.body(#""system":[{"type":"text","text":"1234"}]"#)
            let reply = try await client.send(
                .POST,
                "/v1/messages/count_tokens",
                headers: TestClient.headers(""),
                body: body,
            )
            #expect(reply.text == #"{"input_tokens":4}"#)
        }
    }

    @Test func `the models are listed in its own shape`() async throws {
        try await withUpstream { _, client in
            let headers = TestClient.headers("")
            let list = try await client.send(.GET, "/v1/models", headers: headers)
            #expect(list.json["data"][0]["type"].string == "model")
            #expect(list.json["has_more"].exists)
            #expect(list.json["first_id"].string == list.json["data"][0]["id"].string)
        }
    }
}
