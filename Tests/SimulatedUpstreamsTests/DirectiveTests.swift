import NIOHTTP1
import SimulatedUpstreams
import Testing

struct DirectiveTests {
    @Test(arguments: [
        ("", SimulatedAnswer()),
        ("text=a%20b%3B%3D", SimulatedAnswer(text: "a b;=")),
        ("text=caf%C3%A9", SimulatedAnswer(text: "café")),
        (
            " input_tokens = 3 ; output_tokens=4;",
            SimulatedAnswer(inputTokens: 3, outputTokens: 4),
        ),
        (
            "cache_read_tokens=1;cache_write_5m_tokens=2\ncache_write_1h_tokens=3",
            SimulatedAnswer(cacheReadTokens: 1, cacheWrite5mTokens: 2, cacheWrite1hTokens: 3),
        ),
        ("reasoning_tokens=5; tool=1", SimulatedAnswer(reasoningTokens: 5, callsTool: true)),
        (
            "delay_head_ms=5; delay_chunk_ms=6; chunk_bytes=1",
            SimulatedAnswer(
                headDelay: .milliseconds(5),
                chunkDelay: .milliseconds(6),
                chunkBytes: 1,
            ),
        ),
        ("status=429; retry_after=2", SimulatedAnswer(status: 429, retryAfter: 2)),
        ("fault=stall_head", SimulatedAnswer(fault: .stallHead)),
        ("fault=close_after_events:3", SimulatedAnswer(fault: .closeAfterEvents(3))),
        ("fault=html;fault=none", SimulatedAnswer()),
        ("usage=every_chunk", SimulatedAnswer(usage: .everyChunk)),
    ])
    func `directives change the settings they name`(row: (String, SimulatedAnswer)) throws {
        #expect(try SimulatedAnswer(directives: row.0) == row.1)
    }

    @Test(arguments: [
        ("txt=a", "unknown directive 'txt'"),
        ("text", "text= has no value"),
        ("text=%zz", "is not percent-encoded UTF-8"),
        ("text=%C3", "is not percent-encoded UTF-8"),
        ("output_tokens=-1", "is not a whole number"),
        ("output_tokens=1.5", "is not a whole number"),
        ("chunk_bytes=0", "is not a whole number"),
        ("status=200", "is not a whole number in 400...599"),
        ("tool=yes", "is not a whole number in 0...1"),
        ("fault=reset", "is no fault we know"),
        ("fault=close_after_events", "is no fault we know"),
        ("fault=close_after_events:x", "is no fault we know"),
        ("fault=stall_head:1", "is no fault we know"),
        ("usage=wrong", "is none of truthful, missing"),
    ])
    func `a wrong directive is refused with the reason`(row: (String, String)) {
        do {
            _ = try SimulatedAnswer(directives: row.0)
            Issue.record("\(row.0) was accepted")
        } catch {
            #expect(error.description.contains(row.1), "\(error)")
        }
    }

    @Test(arguments: ["x-simulate", "openai-simulate", "anthropic-simulate"])
    func `each of the three headers carries directives`(name: String) async throws {
        try await withUpstream { _, client in
            var headers = TestClient.headers("")
            headers.replaceOrAdd(name: name, value: "text=heard")
            let body = TestClient.body("")
            let reply = try await client.send(.POST, TestClient.chat, headers: headers, body: body)
            #expect(reply.json["choices"][0]["message"]["content"].string == "heard")
        }
    }

    @Test func `an unknown directive is answered with 400 and its name`() async throws {
        try await withUpstream { _, client in
            let reply = try await client.chat("", "tokens=1")
            #expect(reply.status == 400)
            #expect(reply.json["error"]["message"].string?.contains("'tokens'") == true)
            let message = try await client.message("", "fault=errors")
            #expect(message.status == 400)
            #expect(message.json["error"]["type"].string == "invalid_request_error")
        }
    }

    @Test func `a fault that the answer can not have is answered with 400`() async throws {
        try await withUpstream { _, client in
            let whole = try await client.chat("", "fault=huge_event")
            #expect(whole.status == 400)
            let stream = try await client.chat(#""stream":true"#, "fault=truncated_body")
            #expect(stream.status == 400)
        }
    }
}
