import NIOHTTP1
import SimulatedUpstreams
import Testing

struct ErrorAnswerTests {
    @Test(arguments: [HTTPHeaders(), ["authorization": "Bearer "], ["authorization": "Basic abc"]])
    func `OpenAI wants a bearer token`(headers: HTTPHeaders) async throws {
        try await withUpstream { _, client in
            let body = TestClient.body("")
            let reply = try await client.send(.POST, TestClient.chat, headers: headers, body: body)
            #expect(reply.status == 401)
            #expect(reply.json["error"]["type"].string == "invalid_request_error")
        }
    }

    @Test func `Anthropic wants its key and its version`() async throws {
        try await withUpstream { _, client in
            let bearer: HTTPHeaders = [
                "authorization": "Bearer k", "anthropic-version": "2023-06-01",
            ]
            let path = TestClient.messages
            let keyless = try await client.send(.POST, path, headers: bearer, body: "{}")
            #expect(keyless.status == 401)
            #expect(keyless.json["error"]["type"].string == "authentication_error")
            let unversioned = try await client.send(
                .POST,
                path,
                headers: ["x-api-key": "k"],
                body: "{}",
            )
            #expect(unversioned.status == 400)
        }
    }

    @Test(arguments: [
        ("", 400), ("{", 400), ("[]", 400), ("{}", 400), (#"{"model":"m","messages":[]}"#, 400),
        (#"{"model":"m","messages":"x"}"#, 400),
        (#"{"model":"m","messages":[{"role":"user","content":"x"}],"max_tokens":0}"#, 400),
        (
            #"{"model":"no-such-model-1","max_tokens":1,"messages":[{"role":"user","content":"x"}]}"#,
            404,
        ),
    ])
    func `a bad body has the dialect's error`(row: (String, Int)) async throws {
        try await withUpstream { _, client in
            let headers = TestClient.headers("")
            let chat = try await client.send(.POST, TestClient.chat, headers: headers, body: row.0)
            #expect(chat.status == row.1)
            #expect(chat.json["error"]["message"].exists)
            #expect(chat.json["error"]["param"].exists)
            let path = TestClient.messages
            let message = try await client.send(.POST, path, headers: headers, body: row.0)
            #expect(message.status == row.1)
            #expect(message.json["type"].string == "error")
            #expect(message.json["request_id"].string == message.headers.first(name: "request-id"))
        }
    }

    @Test(arguments: [
        (402, "insufficient_quota", "billing_error"), (429, "requests", "rate_limit_error"),
        (500, "server_error", "api_error"), (529, "server_error", "overloaded_error"),
    ])
    func `a status has the dialect's error`(row: (Int, String, String)) async throws {
        try await withUpstream { _, client in
            let chat = try await client.chat("", "status=\(row.0); retry_after=7; text=Too%20much")
            #expect(chat.status == row.0)
            #expect(chat.headers.first(name: "retry-after") == "7")
            #expect(chat.json["error"]["type"].string == row.1)
            #expect(chat.json["error"]["message"].string == "Too much")
            let message = try await client.message("", "status=\(row.0)")
            #expect(message.status == row.0)
            #expect(message.json["error"]["type"].string == row.2)
        }
    }

    @Test func `an unknown path is 404 and a wrong method 405`() async throws {
        try await withUpstream { _, client in
            let headers = TestClient.headers("")
            let unknown = try await client.send(.POST, "/v1/nothing", headers: headers)
            #expect(unknown.status == 404)
            let wrong = try await client.send(.GET, TestClient.chat, headers: headers)
            #expect(wrong.status == 405)
        }
    }
}
