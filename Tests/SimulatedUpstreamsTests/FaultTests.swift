import AsyncHTTPClient
import NIOHTTP1
import SimulatedUpstreams
import Testing

/// Faults seen without any idea of HTTP, as bytes on a connection.
@Suite(.timeLimit(.minutes(5)))
struct FaultTests {
    private let streamed = #""stream":true,"stream_options":{"include_usage":true}"#

    private func raw(
        _ directives: String,
        more: String? = nil,
        connection: String = "keep-alive",
        leavingAfter: String? = nil,
    ) async throws -> (RawReply, SimulatedCounts) {
        var result: (RawReply, SimulatedCounts)?
        try await withUpstream { upstream, client in
            let request = RawClient.chat(
                directives,
                more: more ?? streamed,
                connection: connection,
            )
            let reply = try await RawClient.send(
                request,
                port: client.port,
                leavingAfter: leavingAfter,
            )
            await upstream.record.wait { $0.count == 1 && $0.inflight == 0 }
            result = (reply, upstream.record.counts)
        }
        return try #require(result)
    }

    @Test func `a connection is reset or closed before the head`() async throws {
        let (reset, counts) = try await raw("fault=reset_before_head")
        #expect(reset.text.isEmpty && reset.ending == .reset)
        #expect(counts.broken == 1)
        let (closed, _) = try await raw("fault=close_before_head")
        #expect(closed.text.isEmpty && closed.ending == .closed)
    }

    @Test func `a head can be garbage`() async throws {
        let (reply, _) = try await raw("fault=garbage_head")
        #expect(reply.text.hasPrefix("SIMULATED/9") && reply.ending == .closed)
    }

    @Test(arguments: [0, 1, 3])
    func `a stream breaks off after so many events`(count: Int) async throws {
        let (reset, _) = try await raw("fault=reset_after_events:\(count)")
        #expect(reset.text.components(of: "data: ") == count && reset.ending == .reset)
        #expect(reset.text.hasPrefix("HTTP/1.1 200 OK"))
        let (closed, counts) = try await raw("fault=close_after_events:\(count)")
        #expect(closed.text.components(of: "data: ") == count && closed.ending == .closed)
        #expect(!closed.text.contains("\r\n0\r\n"))
        #expect(counts.broken == 1)
    }

    @Test func `a whole answer breaks off after its head`() async throws {
        let (reply, _) = try await raw("fault=close_after_events:0", more: "")
        #expect(reply.text.hasSuffix("\r\n\r\n") && !reply.text.contains("content-length: 0"))
    }

    @Test func `a stalled stream ends when the client leaves`() async throws {
        let (reply, counts) = try await raw(
            "fault=stall_after_events:2",
            leavingAfter: #""content":"A"}"#,
        )
        #expect(reply.text.components(of: "data: ") == 2 && reply.ending == .left)
        #expect(counts.cancelled == 1)
    }

    @Test func `a stalled head is nothing at all`() async throws {
        try await withUpstream { upstream, client in
            try await withThrowingTaskGroup { group in
                let request = RawClient.chat("fault=stall_head")
                group.addTask { try await RawClient.send(request, port: client.port).text }
                await upstream.record.waitForCount(1)
                #expect(upstream.record.inflight == 1)
                group.cancelAll()
                while let text = try await group.next() { #expect(text.isEmpty) }
            }
            let counts = await upstream.record.wait { $0.inflight == 0 }
            #expect(counts.cancelled == 1)
        }
    }

    @Test func `a truncated body announces more than it has`() async throws {
        let (reply, counts) = try await raw("fault=truncated_body", more: "")
        let parts = reply.text.split(separator: "\r\n\r\n", maxSplits: 1)
        let length = parts[0].split(separator: "content-length: ")[1].prefix { $0.isNumber }
        #expect(Int(length) == parts[1].utf8.count + 100)
        #expect(reply.ending == .closed && counts.broken == 1)
    }

    @Test func `informational heads flood`() async throws {
        let (reply, _) = try await raw("fault=informational_flood", more: "", connection: "close")
        #expect(reply.text.components(of: "HTTP/1.1 103 ") == 1000)
        #expect(reply.text.components(of: "HTTP/1.1 200 ") == 1)
    }

    @Test func `there can be 5000 headers`() async throws {
        let (reply, _) = try await raw("fault=many_headers", more: "", connection: "close")
        #expect(reply.text.components(of: "\r\nx-simulated-") == 5000)
    }

    @Test func `every byte is a chunk of its own`() async throws {
        let (cut, _) = try await raw("chunk_bytes=1", connection: "close")
        let (whole, _) = try await raw("", connection: "close")
        #expect(cut.text.components(of: "\r\n1\r\n") > 100)
        #expect(cut.text.unchunked == whole.text.unchunked)
        #expect(whole.text.unchunked.hasSuffix("data: [DONE]\n\n"))
    }

    @Test func `delays wait and change nothing else`() async throws {
        let start = ContinuousClock.now
        let (slow, _) = try await raw(
            "text=a%20b;delay_head_ms=20;delay_chunk_ms=5",
            connection: "close",
        )
        #expect(ContinuousClock.now - start >= .milliseconds(20 + 5 * 5))
        let (fast, _) = try await raw("text=a%20b", connection: "close")
        #expect(slow.text == fast.text)
    }
}

extension String {
    /// How often `part` occurs.
    func components(of part: String) -> Int { ranges(of: part).count }

    /// The body of a chunked answer put together.
    var unchunked: String {
        guard let head = firstRange(of: "\r\n\r\n") else { return "" }
        var rest = Substring(self[head.upperBound...]).utf8
        var body: [UInt8] = []
        while let line = rest.firstRange(of: Array("\r\n".utf8)) {
            let size = Int(String(Substring(rest[..<line.lowerBound])), radix: 16) ?? 0
            rest = rest[line.upperBound...]
            body += rest.prefix(size)
            rest = rest.dropFirst(size + 2)
        }
        return String(decoding: body, as: UTF8.self)
    }
}
