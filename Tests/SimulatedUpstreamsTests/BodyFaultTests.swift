import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import SimulatedUpstreams
import Testing

/// Faults inside answers that are sound as HTTP.
@Suite(.timeLimit(.minutes(5)))
struct BodyFaultTests {
    private let chatStream = #""stream":true"#
    private let messageStream = #","stream":true"#

    @Test func `an error event ends the stream in the dialect's way`() async throws {
        try await withUpstream { _, client in
            let chat = try await client.chat(chatStream, "fault=error_event_after:2")
            #expect(chat.events.count == 3)
            #expect(chat.jsonEvents[2]["error"]["type"].string == "server_error")
            let message = try await client.message(messageStream, "fault=error_event_after:4")
            #expect(message.text.contains("event: error\n"))
            #expect(message.jsonEvents[4]["error"]["type"].string == "overloaded_error")
        }
    }

    @Test func `a garbage event is not JSON and the stream goes on`() async throws {
        try await withUpstream { _, client in
            let chat = try await client.chat(chatStream, "fault=garbage_event_after:2")
            #expect(!chat.jsonEvents[2].exists)
            #expect(chat.jsonEvents[3].exists && chat.events.last == "[DONE]")
            let message = try await client.message(messageStream, "fault=garbage_event_after:0")
            #expect(!message.jsonEvents[0].exists)
            #expect(message.jsonEvents[1]["type"].string == "message_start")
        }
    }

    @Test func `a stream can end without saying so`() async throws {
        try await withUpstream { _, client in
            let chat = try await client.chat(chatStream, "fault=end_without_done")
            #expect(chat.events.last != "[DONE]")
            let message = try await client.message(messageStream, "fault=end_without_done")
            #expect(message.jsonEvents.last?["type"].string == "message_delta")
        }
    }

    @Test func `one event can have 20 MB`() async throws {
        try await withUpstream { _, client in
            let chat = try await client.chat(chatStream, "output_tokens=1;fault=huge_event")
            #expect(chat.events[1].utf8.count > 20_000_000)
            #expect(chat.jsonEvents[1]["choices"][0]["delta"]["content"].exists)
            #expect(chat.events.last == "[DONE]")
        }
    }

    @Test func `a body can be a page or no JSON`() async throws {
        try await withUpstream { upstream, client in
            for more in ["", chatStream] {
                let page = try await client.chat(more, "fault=html")
                #expect(page.status == 200 && page.text.hasPrefix("<!doctype html>"))
                #expect(page.headers.first(name: "content-type") == "text/html; charset=utf-8")
                let broken = try await client.chat(more, "fault=not_json")
                #expect(broken.status == 200 && !broken.json.exists)
                #expect(broken.headers.first(name: "content-type") == "application/json")
            }
            #expect(upstream.record.last?.sent == SentTokens())
        }
    }

    @Test func `a compressed body unpacks to the true one`() async throws {
        try await withUpstream { _, client in
            let reply = try await client.chat("", "text=packed;fault=gzip")
            #expect(reply.headers.first(name: "content-encoding") == "gzip")
            #expect(reply.json["choices"][0]["message"]["content"].string == "packed")
            let stream = try await client.chat(chatStream, "output_tokens=2000;fault=gzip")
            #expect(stream.events.count == 2003 && stream.events.last == "[DONE]")
        }
    }

    @Test func `a redirect leads to the cloud's credentials`() async throws {
        let configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        try await withUpstream { _, client in
            let headers = try await HTTPClient.withHTTPClient(configuration: configuration) {
                staying in
                var request = HTTPClientRequest(url: "http://127.0.0.1:\(client.port)/v1/models")
                request.headers = TestClient.headers("fault=redirect")
                let response = try await staying.execute(request, timeout: .seconds(120))
                #expect(response.status == .found)
                return response.headers
            }
            #expect(headers.first(name: "location") == "http://169.254.169.254/")
        }
    }

    @Test func `cookies and the organisation can be among the headers`() async throws {
        try await withUpstream { _, client in
            let chat = try await client.chat("", "fault=set_cookie")
            #expect(chat.headers.contains(name: "set-cookie"))
            #expect(chat.headers.contains(name: "openai-organization"))
            let message = try await client.message("", "fault=set_cookie")
            #expect(message.headers.contains(name: "anthropic-organization-id"))
        }
    }
}
