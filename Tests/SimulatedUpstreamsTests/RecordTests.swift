import NIOHTTP1
import SimulatedUpstreams
import Testing

@Suite(.timeLimit(.minutes(5)))
struct RecordTests {
    @Test func `a request is remembered with what was sent for it`() async throws {
        try await withUpstream { upstream, client in
            _ = try await client.chat(#""user":"é""#, "output_tokens=4;cache_read_tokens=2")
            let request = try #require(upstream.record.last)
            #expect(request.method == "POST" && request.path == TestClient.chat)
            #expect(request.header("Authorization") == "Bearer sk-test")
            #expect(request.bodyText == TestClient.body(#""user":"é""#))
            #expect(request.sent == SentTokens(input: 3, output: 4, cacheRead: 2))
            #expect(request.outcome == .completed && request.status == 200)
            #expect(upstream.record.counts.completed == 1)
        }
    }

    @Test func `only the last thousand requests are remembered and all are counted`() async throws {
        try await withUpstream { upstream, client in
            for _ in 0..<1005 { _ = try await client.send(.GET, "/v1/models") }
            #expect(upstream.record.count == 1005)
            #expect(upstream.record.requests.map(\.id) == Array(6...1005))
        }
    }

    @Test func `a client that leaves is noticed at once`() async throws {
        try await withUpstream { upstream, client in
            let request = RawClient.chat(
                "output_tokens=50;delay_chunk_ms=60000",
                more: #""stream":true"#,
            )
            _ = try await RawClient.send(request, port: client.port, leavingAfter: "data: ")
            let counts = await upstream.record.wait { $0.count == 1 && $0.inflight == 0 }
            #expect(counts.cancelled == 1)
            let pieces = try #require(upstream.record.last?.pieces)
            #expect(pieces == 1)
        }
    }

    @Test func `the record is read and reset over HTTP`() async throws {
        try await withUpstream { upstream, client in
            _ = try await client.chat("", "output_tokens=4;fault=set_cookie")
            let json = try await client.send(.GET, "/_simulator/requests").json
            #expect(json["count"].int == 1 && json["inflight"].int == 0)
            #expect(json["completed"].int == 1 && json["cancelled"].int == 0)
            let request = json["requests"][0]
            #expect(request["method"].string == "POST")
            #expect(request["headers"][0][0].exists && request["headers"][0].count == 2)
            #expect(request["body"].string == TestClient.body(""))
            #expect(request["sent"]["output_tokens"].int == 4)
            #expect(request["outcome"].string == "completed")
            let deleted = try await client.send(.DELETE, "/_simulator/requests")
            #expect(deleted.status == 200)
            #expect(upstream.record.count == 0 && upstream.record.requests.isEmpty)
        }
    }

    @Test func `settings are changed and reset over HTTP`() async throws {
        let path = "/_simulator/settings"
        let steps: [(HTTPMethod, String, status: Int, text: String)] = [
            (.GET, "", 405, "first"), (.PUT, "text=second; retry_after=1", 200, "second"),
            (.PUT, "text=third; txt=1", 400, "second"), (.DELETE, "", 200, "first"),
        ]
        try await withUpstream(SimulatedAnswer(text: "first")) { _, client in
            for (method, body, status, text) in steps {
                let reply = try await client.send(method, path, body: body)
                #expect(reply.status == status)
                let choice = try await client.chat().json["choices"][0]
                #expect(choice["message"]["content"].string == text)
            }
        }
    }

    @Test func `a connection serves several requests, sent one after the other or at once`()
        async throws
    {
        try await withUpstream { upstream, client in
            let first = RawClient.chat("text=one;delay_head_ms=5")
            let second = RawClient.chat("text=two", connection: "close")
            let reply = try await RawClient.send(first + second, port: client.port)
            let one = try #require(reply.text.firstRange(of: #""content":"one""#))
            let two = try #require(reply.text.firstRange(of: #""content":"two""#))
            #expect(one.lowerBound < two.lowerBound)
            #expect(reply.ending == .closed && upstream.record.completed == 2)
        }
    }

    @Test func `bytes that are not HTTP are refused`() async throws {
        try await withUpstream { _, client in
            let reply = try await RawClient.send("\u{1}\u{2}\r\n\r\n", port: client.port)
            #expect(reply.text.hasPrefix("HTTP/1.1 400 ") && reply.ending == .closed)
        }
    }

    @Test func `a cancelled or shut down service stops listening`() async throws {
        let upstream = SimulatedUpstream()
        let port = try await upstream.start()
        #expect(try await upstream.start() == port)
        try await withThrowingTaskGroup { group in
            group.addTask { try await upstream.run() }
            let reply = try await TestClient(port: port).chat()
            #expect(reply.status == 200)
            group.cancelAll()
            try await group.waitForAll()
        }
        await #expect(throws: (any Error).self) {
            try await RawClient.send("", port: port)
        }
    }
}
