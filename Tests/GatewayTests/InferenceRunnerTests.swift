import Forwarding
import Gateway
import GatewayTestKit
import HTTPTypes
import Ledger
import Metering
import Primitives
import RateLimits
import Receipts
import Testing

@Suite struct InferenceRunnerTests {
    @Test func `a stream is relayed, charged as reported, and ends after its settlement`()
        async throws
    {
        let world = try await InferenceWorld(ScriptedUpstream())
        world.upstream.send(Chunk.text("Hi") + Chunk.usage(100, 10))
        world.upstream.send(Chunk.done)
        world.upstream.end()
        let (head, text) = await world.run()
        let receipt = try #require(try await world.receipt)
        // 100 at 1.10 USD and 10 at 4.40 USD per million.
        #expect(receipt.charge == Amount(154))
        #expect(
            receipt.reading
                == UsageReading(
                    usage: Usage([.input: 100, .output: 10, .request: 1]),
                    source: .reported,
                )
        )
        #expect(head?.status == 200)
        let comment = ": farebox charge=154 balance=999846 receipt=inf_1\n\n"
        #expect(text == Chunk.text("Hi") + comment + Chunk.done)
        try await world.expectQuiet()
    }

    @Test func `an agent never sees the end of an answer that was not charged`() async throws {
        let world = try await InferenceWorld(ScriptedUpstream())
        world.store.failNextCommit()
        world.upstream.send(Chunk.text("Hi") + Chunk.usage(10, 1) + Chunk.done)
        world.upstream.end()
        let (_, text) = await world.run()
        #expect(!text.contains("[DONE]"))
        #expect(text.contains("store_commit_failed"))
        #expect(try await world.hold?.state == .open)
    }

    /// The inference itself refers to its admission for longer than that.
    @Test(arguments: ["{\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":5}}", "no answer"])
    func `whoever hears a whole answer has its place in the key's pace back`(
        body: String
    ) async throws {
        let limiter = PaceLimiter()
        let pace = Pace(requestsPerMinute: nil, tokensPerMinute: nil, concurrency: 1)
        let upstream = ScriptedUpstream(contentType: "application/json")
        let world = try await InferenceWorld(
            upstream,
            isStream: false,
            admission: try limiter.admit("key", pace, tokens: 1, at: .second(0)),
        )
        upstream.send(body)
        upstream.end()
        #expect(await world.run().head != nil)
        _ = try limiter.admit("key", pace, tokens: 1, at: .second(0))
        withExtendedLifetime(world.held.admission) {}
    }

    @Test func `a whole answer goes out after its settlement, with the balance after it`()
        async throws
    {
        let upstream = ScriptedUpstream(contentType: "application/json")
        let world = try await InferenceWorld(upstream, isStream: false)
        let body =
            "{\"choices\":[{\"message\":{\"content\":\"Hi\"}}],"
            + "\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":5}}"
        upstream.send(body)
        upstream.end()
        let (head, text) = await world.run()
        #expect(text == body)
        #expect(head?.headers[.balanceRemaining] == "999868")
        #expect(try await world.receipt?.charge == Amount(132))
        try await world.expectQuiet()
    }

    @Test(arguments: [
        (ForwardingError.unreachable, 502), (.brokenOff, 502), (.malformed, 502), (.timedOut, 504),
    ])
    func `an upstream that fails before its first byte costs nothing`(
        error: ForwardingError,
        status: Int,
    ) async throws {
        let world = try await InferenceWorld(ScriptedUpstream(failure: error))
        let (head, text) = await world.run()
        #expect(head?.status == status)
        #expect(text.contains(error.code))
        #expect(head?.headers[.balanceRemaining] == "1000000")
        #expect(try await world.hold?.state == .released)
        try await world.expectQuiet()
    }

    @Test(arguments: [(200, "text/html"), (302, "text/html"), (401, "application/json")])
    func `an upstream's fault is never the agent's`(status: Int, type: String) async throws {
        let upstream = ScriptedUpstream(status: status, contentType: type)
        let world = try await InferenceWorld(upstream)
        upstream.send("{\"error\":{\"message\":\"sk-upstream is wrong\"}}")
        upstream.end()
        let (head, text) = await world.run()
        #expect(head?.status == 502)
        #expect(!text.contains("sk-upstream"))
        #expect(try await world.hold?.state == .released)
    }

    @Test func `a refusal is passed on in the upstream's words and costs nothing`() async throws {
        let upstream = ScriptedUpstream(status: 429, contentType: "application/json")
        let world = try await InferenceWorld(upstream)
        upstream.send("{\"error\":{\"message\":\"slow down\"}}")
        upstream.end()
        let (head, text) = await world.run()
        #expect(head?.status == 429)
        #expect(text == "{\"error\":{\"message\":\"slow down\"}}")
        #expect(try await world.hold?.state == .released)
    }

    @Test func `a stream that breaks off is charged for what was sent, and says so`() async throws {
        let world = try await InferenceWorld(ScriptedUpstream())
        world.upstream.send(Chunk.text("12345678"))
        world.upstream.send(.failure(.brokenOff))
        let (_, text) = await world.run()
        let receipt = try #require(try await world.receipt)
        #expect(receipt.outcome == .interrupted)
        #expect(receipt.reading.source == .estimated)
        #expect(receipt.reading.usage[.output] == 2)
        #expect(text.contains("upstream_broke_off"))
        #expect(!text.contains("[DONE]"))
        try await world.expectQuiet()
    }

    @Test func `a body that ends without its last event has broken off`() async throws {
        let world = try await InferenceWorld(ScriptedUpstream())
        world.upstream.send(Chunk.text("Hi") + Chunk.usage(50, 3))
        world.upstream.end()
        let (_, text) = await world.run()
        let receipt = try #require(try await world.receipt)
        #expect(receipt.outcome == .interrupted)
        #expect(receipt.reading.source == .reported)
        #expect(text.contains("upstream_broke_off"))
    }

    @Test func `no charge exceeds its hold, and the rest is the operator's`() async throws {
        let world = try await InferenceWorld(ScriptedUpstream())
        world.upstream.send(Chunk.text("Hi") + Chunk.usage(900_000, 10) + Chunk.done)
        world.upstream.end()
        _ = await world.run()
        let receipt = try #require(try await world.receipt)
        #expect(receipt.charge == receipt.hold)
        #expect(receipt.overrun > .zero)
        try await world.expectQuiet()
    }

    @Test func `a stream far beyond its limit is cut in the dialect's way`() async throws {
        let world = try await InferenceWorld(ScriptedUpstream(), maxTokens: 16)
        let long = String(repeating: "word ", count: 100)
        world.upstream.send(Chunk.text(long))
        let (_, text) = await world.run()
        #expect(try await world.receipt?.outcome == .cut)
        #expect(text.contains("\"finish_reason\":\"length\""))
        #expect(text.hasSuffix(Chunk.done))
        try await world.expectQuiet()
    }
}
