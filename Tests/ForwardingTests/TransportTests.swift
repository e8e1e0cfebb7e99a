import AsyncHTTPClient
import Forwarding
import HTTPTypes
import NIOCore
import Providers
import SimulatedUpstreams
import Testing

/// The transport against an upstream that misbehaves on a real socket.
@Suite struct TransportTests {
    private func exchange(
        _ directives: String,
        stream: Bool,
        marking handover: Handover = Handover(),
        then: @Sendable (Result<(Int, String), any Error>, SimulatedRecord) async throws -> Void,
    ) async throws {
        let simulated = SimulatedUpstream()
        let port = try await simulated.start()
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: AsyncHTTPClientTransport.configuration(
                connectTimeout: .seconds(5),
                connections: 8,
            ),
        )
        let request = UpstreamRequest(
            upstream: Upstream(
                name: "openai",
                dialect: .openai,
                baseURL: "http://127.0.0.1:\(port)/v1",
                credential: "sk-up",
            ),
            operation: .inference,
            agentHeaders: [
                .authorization: "Bearer fbx-mine", .xAPIKey: "fbx-mine",
                HTTPField.Name("openai-simulate") ?? .accept: directives,
                HTTPField.Name("OpenAI-Beta") ?? .accept: "x=1",
                HTTPField.Name("OpenAI-Organization") ?? .accept: "org-mine",
                .cookie: "a=b", .userAgent: "me",
            ],
            body: ByteBuffer(
                string: "{\"model\":\"gpt-4o\",\"stream\":\(stream),"
                    + "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}"
            ),
        )
        let result = await send(request, client, marking: handover)
        try await then(result, simulated.record)
        try await client.shutdown()
        await simulated.stop()
    }

    private func send(
        _ request: UpstreamRequest,
        _ client: HTTPClient,
        marking handover: Handover,
    ) async -> Result<(Int, String), any Error> {
        do {
            let response = try await AsyncHTTPClientTransport(client: client)
                .send(request, marking: handover)
            #expect(handover.isDone)
            var text = ""
            try await response.body.read { bytes in
                text += String(buffer: bytes)
                return true
            }
            return .success((response.status, text))
        } catch {
            return .failure(error)
        }
    }

    @Test func `our credential goes up and nothing of the agent's but its features`() async throws {
        try await exchange("", stream: true) { result, record in
            let (status, text) = try result.get()
            #expect(status == 200)
            #expect(text.hasSuffix("data: [DONE]\n\n"))
            let request = try #require(record.last)
            #expect(request.header("authorization") == "Bearer sk-up")
            #expect(request.header("openai-beta") == "x=1")
            #expect(request.header("accept-encoding") == "identity")
            for name in ["x-api-key", "cookie", "openai-organization"] {
                #expect(request.header(name) == nil)
            }
            #expect(!request.headers.contains { $0.value.contains("fbx-mine") })
        }
    }

    @Test(arguments: [
        ("fault=reset_before_head", false, ForwardingError.brokenOff),
        ("fault=close_before_head", false, .brokenOff), ("fault=garbage_head", false, .malformed),
        ("fault=reset_after_events:2", true, .brokenOff),
        ("fault=close_after_events:2", true, .malformed),
        ("fault=truncated_body", false, .malformed), ("fault=many_headers", false, .malformed),
    ])
    func `each fault of an upstream has its name`(
        directives: String,
        stream: Bool,
        error: ForwardingError,
    ) async throws {
        try await exchange(directives, stream: stream) { result, _ in
            #expect(throws: error) { _ = try result.get() }
        }
    }

    @Test func `a request that was called off does not reach the upstream`() async throws {
        let handover = Handover()
        #expect(handover.callOff())
        try await exchange("", stream: false, marking: handover) { result, record in
            #expect(throws: (any Error).self) { _ = try result.get() }
            // The head may have left; what is to be answered has not.
            #expect(record.requests.allSatisfy { $0.body.isEmpty })
        }
        #expect(!handover.isDone)
    }

    @Test func `a request that was handed over can not be called off`() async throws {
        let handover = Handover()
        try await exchange("", stream: false, marking: handover) { result, _ in
            let (status, _) = try result.get()
            #expect(status == 200)
        }
        #expect(!handover.callOff())
    }

    @Test func `a redirect is not followed`() async throws {
        try await exchange("fault=redirect", stream: false) { result, record in
            let (status, _) = try result.get()
            #expect(status == 302)
            #expect(record.count == 1)
        }
    }

    @Test func `an upstream that is not there is unreachable`() async throws {
        let client = HTTPClient(
            eventLoopGroupProvider: .singleton,
            configuration: AsyncHTTPClientTransport.configuration(
                connectTimeout: .seconds(5),
                connections: 8,
            ),
        )
        let request = UpstreamRequest(
            upstream: Upstream(
                name: "openai",
                dialect: .openai,
                baseURL: "http://127.0.0.1:1/v1",
                credential: "x",
            ),
            operation: .inference,
            agentHeaders: [:],
            body: ByteBuffer(string: "{}"),
        )
        let handover = Handover()
        await #expect(throws: ForwardingError.unreachable) {
            _ = try await AsyncHTTPClientTransport(client: client).send(request, marking: handover)
        }
        #expect(!handover.isDone)
        try await client.shutdown()
    }
}
