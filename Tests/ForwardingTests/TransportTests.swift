import Forwarding
import HTTPTypes
import NIOCore
import Providers
import SimulatedUpstreams
import Testing

/// Each transport against an upstream that misbehaves on a real socket.
@Suite(.timeLimit(.minutes(5))) struct TransportTests {
    private func exchange(
        _ client: TestedClient,
        _ directives: String,
        stream: Bool,
        marking handover: Handover = Handover(),
        then: @Sendable (Result<(Int, String), any Error>, SimulatedRecord) async throws -> Void,
    ) async throws {
        let simulated = SimulatedUpstream()
        let port = try await simulated.start()
        let request = UpstreamRequest.chat(
            at: "http://127.0.0.1:\(port)/v1",
            agentHeaders: [
                .authorization: "Bearer fbx-mine", .xAPIKey: "fbx-mine",
                HTTPField.Name("openai-simulate") ?? .accept: directives,
                HTTPField.Name("OpenAI-Beta") ?? .accept: "x=1",
                HTTPField.Name("OpenAI-Organization") ?? .accept: "org-mine",
                .cookie: "a=b", .userAgent: "me",
            ],
            body: "{\"model\":\"gpt-4o\",\"stream\":\(stream),"
                + "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}",
        )
        try await client.run { transport in
            let result = await send(request, transport, marking: handover)
            try await then(result, simulated.record)
        }
        await simulated.stop()
    }

    private func send(
        _ request: UpstreamRequest,
        _ transport: any UpstreamTransport,
        marking handover: Handover,
    ) async -> Result<(Int, String), any Error> {
        do {
            let response = try await transport.send(request, marking: handover)
            #expect(handover.isDone)
            return .success((response.status, try await response.text()))
        } catch {
            return .failure(error)
        }
    }

    @Test(arguments: TestedClient.allCases)
    func `our credential goes up and nothing of the agent's but its features`(
        client: TestedClient
    ) async throws {
        try await exchange(client, "", stream: true) { result, record in
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

    @Test(
        arguments: TestedClient.allCases,
        [
            ("fault=reset_before_head", false, ForwardingError.brokenOff),
            ("fault=close_before_head", false, .brokenOff),
            ("fault=garbage_head", false, .malformed),
            ("fault=reset_after_events:2", true, .brokenOff),
            ("fault=close_after_events:2", true, .brokenOff),
            ("fault=truncated_body", false, .brokenOff), ("fault=many_headers", false, .tooLarge),
        ],
    )
    func `each fault of an upstream has its name`(
        client: TestedClient,
        fault: (directives: String, stream: Bool, error: ForwardingError),
    ) async throws {
        try await exchange(client, fault.directives, stream: fault.stream) { result, _ in
            #expect(throws: fault.error) { _ = try result.get() }
        }
    }

    @Test(arguments: TestedClient.allCases)
    func `a request that was called off does not reach the upstream`(
        client: TestedClient
    ) async throws {
        let handover = Handover()
        #expect(handover.callOff())
        try await exchange(client, "", stream: false, marking: handover) { result, record in
            #expect(throws: (any Error).self) { _ = try result.get() }
            // The head may have left; what is to be answered has not.
            #expect(record.requests.allSatisfy { $0.body.isEmpty })
        }
        #expect(!handover.isDone)
    }

    @Test(arguments: TestedClient.allCases)
    func `a request that was handed over can not be called off`(client: TestedClient) async throws {
        let handover = Handover()
        try await exchange(client, "", stream: false, marking: handover) { result, _ in
            let (status, _) = try result.get()
            #expect(status == 200)
        }
        #expect(!handover.callOff())
    }

    @Test(arguments: TestedClient.allCases)
    func `a redirect is not followed`(client: TestedClient) async throws {
        try await exchange(client, "fault=redirect", stream: false) { result, record in
            let (status, _) = try result.get()
            #expect(status == 302)
            #expect(record.count == 1)
        }
    }

    @Test(arguments: TestedClient.allCases)
    func `an upstream that is not there is unreachable`(client: TestedClient) async throws {
        try await client.run { transport in
            for baseURL in ["http://127.0.0.1:1/v1", "http://no-such-host.invalid/v1"] {
                let handover = Handover()
                await #expect(throws: ForwardingError.unreachable) {
                    _ = try await transport.send(.chat(at: baseURL), marking: handover)
                }
                #expect(!handover.isDone)
            }
        }
    }

    @Test(arguments: [
        "", "127.0.0.1", "ftp://127.0.0.1", "http://", "http://a:0", "http://a:99999", "http://a:x",
        "http://u@a", "http://u:p@a", "http://[::1", "http://[a]", "http://a b",
        "http://a/\r\nx: y",
        "http://a/v1?x", "http://a/v1#x", "http://::1",
    ])
    func `a base URL that is none reaches nobody`(baseURL: String) async throws {
        try await TestedClient.nio.run { transport in
            let handover = Handover()
            await #expect(throws: ForwardingError.unreachable) {
                _ = try await transport.send(.chat(at: baseURL), marking: handover)
            }
            #expect(!handover.isDone)
        }
    }
}
