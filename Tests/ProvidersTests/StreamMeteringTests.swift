import Foundation
import Metering
import NIOCore
import Pricing
import Providers
import Testing

@Suite struct StreamMeteringTests {
    @Test(arguments: Transcript.all, ["\n", "\r\n", "\r"])
    func `a stream cut at any byte gives the same bytes, usage and charge`(
        transcript: Transcript,
        lineEnd: String,
    ) throws {
        let bytes = try transcript.bytes(lineEnd: lineEnd)
        let whole = try Relayed([bytes[...]], transcript.dialect)
        #expect(whole.bytes == bytes)
        #expect(whole.reading == UsageReading(usage: transcript.usage, source: .reported))
        let charge = telling.price(of: whole.reading.usage)
        for cut in 0...bytes.count {
            let relayed = try Relayed(
                [bytes[..<cut], bytes[cut...]].filter { !$0.isEmpty },
                transcript.dialect,
            )
            guard relayed == whole, telling.price(of: relayed.reading.usage) == charge else {
                Issue.record("cut at byte \(cut): \(relayed.reading)")
                return
            }
        }
    }

    @Test(arguments: Transcript.all)
    func `a stream in random pieces gives the same bytes, usage and charge`(
        transcript: Transcript
    ) throws {
        let bytes = try transcript.bytes()
        let whole = try Relayed([bytes[...]], transcript.dialect)
        for seed in UInt64(1)...200 {
            var random = SplitMix64(state: seed)
            var pieces: [ArraySlice<UInt8>] = []
            var start = 0
            while start < bytes.count {
                let end = min(bytes.count, start + Int.random(in: 1...40, using: &random))
                pieces.append(bytes[start..<end])
                start = end
            }
            #expect(try Relayed(pieces, transcript.dialect) == whole, "seed \(seed)")
        }
    }

    @Test func `a usage chunk that nobody asked for is hidden, and nothing else is`() throws {
        let transcript = Transcript.all[0]
        let bytes = try transcript.bytes()
        let relayed = try Relayed([bytes[...]], .openai, wantsUsageChunk: false)
        #expect(relayed.hidden == 1)
        #expect(relayed.reading.usage == transcript.usage)
        let text = String(decoding: relayed.bytes, as: UTF8.self)
        #expect(!text.contains("\"prompt_tokens\":2006"))
        #expect(text.hasSuffix("data: [DONE]\n\n"))
    }

    @Test func `a chunk with usage and a choice is never hidden`() throws {
        let bytes = try Transcript.all[1].bytes()
        #expect(try Relayed([bytes[...]], .openai, wantsUsageChunk: false).hidden == 0)
    }

    @Test(arguments: [
        "{\"prompt_tokens\":-5,\"completion_tokens\":2}",
        "{\"prompt_tokens\":5.5,\"completion_tokens\":2}",
        "{\"prompt_tokens\":\"5\",\"completion_tokens\":2}",
        "{\"prompt_tokens\":1e3,\"completion_tokens\":2}",
        "{\"prompt_tokens\":99999999999999999999,\"completion_tokens\":2}",
        "{\"completion_tokens\":2}", "[]", "7",
        "{\"prompt_tokens\":5,\"completion_tokens\":2,\"prompt_tokens_details\":{\"cached_tokens\":-1}}",
    ])
    func `a usage that is not whole numbers is no report`(usage: String) throws {
        let stream =
            "data: {\"choices\":[{\"delta\":{\"content\":\"12345678\"}}]}\n\n"
            + "data: {\"choices\":[],\"usage\":\(usage)}\n\ndata: [DONE]\n\n"
        let relayed = try Relayed([Array(stream.utf8)[...]], .openai)
        let estimate = Usage([.input: 7, .output: 2, .request: 1])
        #expect(relayed.reading == UsageReading(usage: estimate, source: .estimated))
    }

    @Test func `reasoning that is counted beside the completion is charged beside it`() throws {
        let usage =
            "{\"prompt_tokens\":12,\"completion_tokens\":1,\"total_tokens\":303,"
            + "\"completion_tokens_details\":{\"reasoning_tokens\":290}}"
        let stream = "data: {\"choices\":[],\"usage\":\(usage)}\n\ndata: [DONE]\n\n"
        let relayed = try Relayed([Array(stream.utf8)[...]], .openai)
        #expect(
            relayed.reading.usage == Usage([.input: 12, .output: 1, .reasoning: 290, .request: 1])
        )
    }

    @Test
    func `a stream that breaks off after its first usage is charged for what it delivered`()
        throws
    {
        let bytes = try Transcript.all[2].bytes()
        let text = String(decoding: bytes, as: UTF8.self)
        let cut = try #require(text.range(of: "event: message_delta")).lowerBound
        let relayed = try Relayed([Array(text[..<cut].utf8)[...]], .anthropic)
        #expect(relayed.reading.source == .estimated)
        #expect(relayed.reading.usage[.cacheRead] == 40000)
        // Thinking of 29 characters in 30 bytes and a text of 13 bytes, at four bytes a token.
        #expect(relayed.reading.usage[.output] == 11)
    }

    @Test func `an event beyond the limit is refused whatever its pieces`() throws {
        var parser = EventStreamParser(limit: 100)
        #expect(throws: EventStreamError.eventTooLong(limit: 100)) {
            for _ in 0..<20 {
                parser.append(ByteBuffer(string: "data: aaaaaa"))
                _ = try parser.next()
            }
        }
        var whole = EventStreamParser(limit: 100)
        let line = String(repeating: "a", count: 100)
        whole.append(ByteBuffer(string: "data: 1\n\ndata: \(line)\n\n"))
        #expect(try whole.next() != nil)
        #expect(throws: EventStreamError.eventTooLong(limit: 100)) { try whole.next() }
    }

    @Test func `a stream is not kept when no piece of it ends with an event`() throws {
        var parser = EventStreamParser(limit: 1 << 20)
        let event = ": \(String(repeating: "x", count: 500))\n\n"
        parser.append(ByteBuffer(string: ": "))
        for _ in 0..<10_000 {
            // The rest of one event, and the first two bytes of the next.
            parser.append(ByteBuffer(string: String(event.dropFirst(2)) + ": "))
            #expect(try parser.next()?.raw.readableBytes == event.utf8.count)
        }
        #expect(parser.rest.storageCapacity < 4096)
    }

    @Test func `garbage is delivered text, not a free answer`() throws {
        let stream = "data: {\"choices\":[{\"delta\":\n\ndata: [DONE]\n\n"
        let relayed = try Relayed([Array(stream.utf8)[...]], .openai)
        #expect(relayed.reading.usage[.output] > 0)
        #expect(relayed.bytes == Array(stream.utf8))
    }
}
