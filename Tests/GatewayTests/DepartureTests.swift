import Gateway
import GatewayTestKit
import Identity
import Ledger
import Metering
import Pricing
import Primitives
import Receipts
import Testing

/// Agents that leave and upstreams that stall, with a clock that the test turns.
@Suite struct DepartureTests {
    @Test func `an agent that leaves before the request was sent owes nothing`() async throws {
        let world = try await InferenceWorld(ScriptedUpstream(status: nil, handsOver: false))
        _ = await world.run {
            await world.upstream.waitForRequest()
            world.departure.signal()
        }
        #expect(try await world.hold?.state == .released)
        try await world.expectQuiet()
    }

    @Test func `an agent that leaves before the first byte owes the input's estimate`()
        async throws
    {
        let world = try await InferenceWorld(ScriptedUpstream(status: nil))
        _ = await world.run {
            await world.upstream.waitForRequest()
            world.departure.signal()
        }
        let receipt = try #require(try await world.receipt)
        #expect(receipt.outcome == .disconnected)
        #expect(receipt.reading.source == .estimated)
        #expect(receipt.reading.usage.outputTokens == 0)
        #expect(receipt.reading.usage.inputTokens == world.held.demand.inputEstimate)
        try await world.expectQuiet()
    }

    @Test func `an agent that can ask again has a second until its upstream is cancelled`()
        async throws
    {
        let world = try await InferenceWorld(ScriptedUpstream(status: nil), isRetriable: true)
        _ = await world.run {
            await world.upstream.waitForRequest()
            world.departure.signal()
            // The grace's own timer runs beside the watch for the head.
            await world.clock.waitForSleepers(2)
            world.clock.advance(by: .milliseconds(999))
            #expect(world.clock.sleeperCount == 2)
            world.clock.advance(by: .milliseconds(1))
        }
        let receipt = try #require(try await world.receipt)
        #expect(receipt.outcome == .disconnected)
        #expect(receipt.reading.usage.outputTokens == 0)
        #expect(receipt.reading.usage.inputTokens == world.held.demand.inputEstimate)
        #expect(!world.downstream.audience.join(Departure()))
        try await world.expectQuiet()
    }

    @Test func `who asks again within the grace gets the answer, charged once`() async throws {
        let world = try await InferenceWorld(ScriptedUpstream(), isRetriable: true)
        let (_, text) = await world.run {
            await world.upstream.waitForRequest()
            world.departure.signal()
            await world.clock.waitForSleepers(2)
            await world.askAgain(Departure())
            world.upstream.send(Chunk.text("Hi") + Chunk.usage(100, 10) + Chunk.done)
            world.upstream.end()
        }
        #expect(text.hasSuffix(Chunk.done))
        #expect(try await world.receipt?.outcome == .completed)
        try await world.expectQuiet()
    }

    @Test func `who asks again while the answer drains is its agent`() async throws {
        let world = try await InferenceWorld(ScriptedUpstream(), isRetriable: true)
        world.upstream.send(Chunk.text("Hi"))
        _ = await world.run {
            await world.headSeen.wait()
            world.departure.signal()
            await world.clock.waitForSleepers(2)
            await world.askAgain(Departure())
            world.clock.advance(by: .seconds(5))
            world.upstream.send(Chunk.text("there") + Chunk.usage(100, 7) + Chunk.done)
            world.upstream.end()
        }
        let receipt = try #require(try await world.receipt)
        #expect(receipt.outcome == .completed)
        #expect(receipt.reading.source == .reported)
        try await world.expectQuiet()
    }

    @Test func `who asks again may leave again`() async throws {
        let world = try await InferenceWorld(ScriptedUpstream(status: nil), isRetriable: true)
        let second = Departure()
        _ = await world.run {
            await world.upstream.waitForRequest()
            world.departure.signal()
            await world.clock.waitForSleepers(2)
            world.clock.advance(by: .milliseconds(900))
            await world.askAgain(second)
            second.signal()
            await world.untilDeserted()
            await world.clock.waitForSleepers(2)
            world.clock.advance(by: .seconds(1))
        }
        #expect(try await world.receipt?.outcome == .disconnected)
        try await world.expectQuiet()
    }

    @Test func `a drained answer is charged as reported although its agent left`() async throws {
        let world = try await InferenceWorld(ScriptedUpstream())
        world.upstream.send(Chunk.text("Hi"))
        _ = await world.run {
            await world.headSeen.wait()
            world.departure.signal()
            // The drain's own timer runs beside the idle watch.
            await world.clock.waitForSleepers(2)
            world.upstream.send(Chunk.text("there") + Chunk.usage(100, 7) + Chunk.done)
            world.upstream.end()
        }
        let receipt = try #require(try await world.receipt)
        #expect(receipt.outcome == .disconnected)
        #expect(receipt.reading.source == .reported)
        #expect(receipt.reading.usage[.output] == 7)
        try await world.expectQuiet()
    }

    @Test func `an answer that is cut after its agent left ends for whoever asks again`()
        async throws
    {
        let world = try await InferenceWorld(ScriptedUpstream(), isRetriable: true, maxTokens: 16)
        world.upstream.send(Chunk.text("Hi"))
        _ = await world.run {
            await world.headSeen.wait()
            world.departure.signal()
            await world.clock.waitForSleepers(2)
            world.upstream.send(Chunk.text(String(repeating: "word ", count: 100)))
        }
        #expect(world.downstream.isKept)
        #expect(try await world.receipt?.outcome == .cut)
        let text = await world.readAgain()
        #expect(text.contains("\"finish_reason\":\"length\""))
        #expect(text.hasSuffix(Chunk.done))
        try await world.expectQuiet()
    }

    @Test func `a drain ends after its time and charges an estimate`() async throws {
        let world = try await InferenceWorld(ScriptedUpstream())
        world.upstream.send(Chunk.text("12345678"))
        _ = await world.run {
            await world.headSeen.wait()
            world.departure.signal()
            await world.clock.waitForSleepers(2)
            world.clock.advance(by: .seconds(5))
        }
        let receipt = try #require(try await world.receipt)
        #expect(receipt.outcome == .disconnected)
        #expect(receipt.reading.source == .estimated)
        try await world.expectQuiet()
    }

    @Test func `a key that cancels charges an estimate at once`() async throws {
        let world = try await InferenceWorld(ScriptedUpstream(), policy: .cancel)
        world.upstream.send(Chunk.text("12345678"))
        _ = await world.run {
            await world.headSeen.wait()
            world.departure.signal()
        }
        let receipt = try #require(try await world.receipt)
        #expect(receipt.outcome == .disconnected)
        #expect(receipt.reading.usage[.output] == 2)
        try await world.expectQuiet()
    }

    @Test func `an upstream that never answers is given up, and costs nothing`() async throws {
        let world = try await InferenceWorld(ScriptedUpstream(status: nil))
        let (head, _) = await world.run {
            await world.clock.keepTurning(by: .seconds(5))
        }
        #expect(head?.status == 504)
        #expect(try await world.hold?.state == .released)
    }

    @Test func `a stream that stalls is ended and charged for what was sent`() async throws {
        let world = try await InferenceWorld(ScriptedUpstream())
        world.upstream.send(Chunk.text("12345678"))
        let (_, text) = await world.run {
            await world.headSeen.wait()
            await world.clock.keepTurning(by: .seconds(5))
        }
        #expect(text.contains("upstream_timed_out"))
        #expect(try await world.receipt?.outcome == .interrupted)
        try await world.expectQuiet()
    }
}
