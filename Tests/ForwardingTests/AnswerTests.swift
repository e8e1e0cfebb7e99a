import Forwarding
import NIOCore
import Providers
import Testing

/// What each transport makes of the bytes that an upstream sends.
@Suite(.timeLimit(.minutes(5))) struct AnswerTests {
    /// The whole answers that are taken for `hello`.
    static let wholeAnswers: [[String]] = [
        ["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"],
        ["HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", "hello"],
        // In pieces, with extensions and trailers.
        [
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;a=b\r\nhe\r\n",
            "3\r\nllo\r\n0;c\r\nx-one: 1\r\nx-two: 2\r\n", "\r\n",
        ],
        // After informational answers.
        ["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"],
        [
            "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n", "HTTP/1.1 102 Processing\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello",
        ],
        // Each byte alone.
        RawPeer.answer("hello").map { String($0) },
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n".map {
            String($0)
        },
    ]

    @Test(arguments: TestedClient.allCases, wholeAnswers)
    func `a whole answer is read however it comes, and its connection kept`(
        client: TestedClient,
        pieces: [String],
    ) async throws {
        let seen = Happenings()
        try await RawUpstream.run { peer, _ in
            seen.add("connection")
            while try await peer.request() != nil {
                for piece in pieces { try await peer.send(piece) }
            }
        } test: { upstream in
            try await client.run { transport in
                for _ in 0..<3 {
                    let got = try await transport.ask(upstream.port)
                    #expect(got == "hello")
                }
            }
        }
        #expect(seen.all == ["connection"])
    }

    @Test(
        arguments: TestedClient.allCases,
        [
            "HTTP/1.1 200 OK\r\n\r\nhello", "HTTP/1.0 200 OK\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello",
        ],
    )
    func `an answer may end with its connection`(client: TestedClient, answer: String) async throws
    {
        try await RawUpstream.run { peer, _ in
            _ = try await peer.request()
            try await peer.send(answer)
        } test: { upstream in
            try await client.run { transport in
                for _ in 0..<2 {
                    let got = try await transport.ask(upstream.port)
                    #expect(got == "hello")
                }
            }
        }
    }

    /// What an upstream sends before it closes the connection in the middle.
    static let brokenAnswers = [
        "", "H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhell",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx: y\r\n",
    ]

    @Test(arguments: TestedClient.allCases, brokenAnswers)
    func `a close before the end breaks the answer off`(
        client: TestedClient,
        answer: String,
    ) async throws {
        try await RawUpstream.run { peer, _ in
            _ = try await peer.request()
            if !answer.isEmpty { try await peer.send(answer) }
        } test: { upstream in
            try await client.run { transport in
                await #expect(throws: ForwardingError.brokenOff) {
                    _ = try await transport.ask(upstream.port)
                }
            }
        }
    }

    @Test(arguments: TestedClient.allCases)
    func `a reset ends no answer, not even one without a length`(client: TestedClient) async throws
    {
        let seen = Happenings()
        try await RawUpstream.run { peer, _ in
            _ = try await peer.request()
            try await peer.send("HTTP/1.1 200 OK\r\n\r\nhello")
            await seen.wait(for: "piece")
            try await peer.reset()
        } test: { upstream in
            try await client.run { transport in
                let answer = try await transport.send(
                    .chat(on: upstream.port),
                    marking: Handover(),
                )
                await #expect(throws: ForwardingError.brokenOff) {
                    try await answer.body.read { _ in
                        seen.add("piece")
                        return true
                    }
                }
            }
        }
    }

    @Test(
        arguments: TestedClient.allCases,
        [
            ("SIMULATED/9 what\r\n\r\n", ForwardingError.malformed),
            ("HTTP/2.0 200 OK\r\n\r\n", .malformed),
            ("HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", .malformed),
            (
                "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
                .malformed,
            ),
            (
                "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\nhello",
                .malformed,
            ),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\nhello\r\n", .malformed),
            ("HTTP/1.1 200 OK\r\nx: \(String(repeating: "y", count: 100_000))\r\n\r\n", .tooLarge),
        ],
    )
    func `what is no answer is named`(
        client: TestedClient,
        answer: (text: String, error: ForwardingError),
    ) async throws {
        let seen = Happenings()
        try await RawUpstream.run { peer, _ in
            _ = try await peer.request()
            try await peer.send(answer.text)
            await peer.waitForLeaving()
            seen.add("left")
        } test: { upstream in
            try await client.run { transport in
                await #expect(throws: answer.error) { _ = try await transport.ask(upstream.port) }
                // Before the transport is shut down.
                await seen.wait(for: "left")
            }
        }
    }

    @Test(arguments: [
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        "HTTP/1.1 200 " + String(repeating: "O", count: 100_000),
    ])
    func `a head that is not one has an end`(answer: String) async throws {
        try await RawUpstream.run { peer, _ in
            _ = try await peer.request()
            try await peer.send(answer)
            await peer.waitForLeaving()
        } test: { upstream in
            try await TestedClient.nio.run { transport in
                await #expect(throws: ForwardingError.self) {
                    _ = try await transport.ask(upstream.port)
                }
            }
        }
    }

    @Test func `informational answers without an end are too large`() async throws {
        try await RawUpstream.run { peer, _ in
            _ = try await peer.request()
            while (try? await peer.send("HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n")) != nil {}
        } test: { upstream in
            try await TestedClient.nio.run { transport in
                await #expect(throws: ForwardingError.tooLarge) {
                    _ = try await transport.ask(upstream.port)
                }
            }
        }
    }

    @Test(arguments: TestedClient.allCases)
    func `a large body arrives whole`(client: TestedClient) async throws {
        let body = String(repeating: "0123456789abcdef", count: 1 << 18)
        let seen = Happenings()
        try await RawUpstream.run { peer, _ in
            // Without its head; a count is told, so that a failure prints no body.
            let request = try await peer.request() ?? ""
            let isWhole = request.hasSuffix(body) && request.count < body.count + 1000
            try await peer.answer("\(isWhole)")
            seen.add("answered")
        } test: { upstream in
            try await client.run { transport in
                let got = try await transport.ask(upstream.port, body: body)
                #expect(got == "true")
            }
        }
        #expect(seen.all == ["answered"])
    }

    @Test(arguments: TestedClient.allCases)
    func `a body in pieces of any size arrives in their order`(client: TestedClient) async throws {
        let sizes = [1, 65_535, 65_536, 65_537, 1, 700_001, 131_072, 0, 3]
        let pieces = sizes.enumerated().map { index, size in
            ByteBuffer(repeating: UInt8(ascii: "a") + UInt8(index), count: size)
        }
        let body = String(buffer: pieces.joined())
        try await RawUpstream.run { peer, _ in
            while let request = try await peer.request() {
                try await peer.answer("\(request.hasSuffix("\r\n\r\n" + body))")
            }
        } test: { upstream in
            try await client.run { transport in
                for _ in 0..<2 {
                    let got = try await transport.ask(
                        .chat(on: upstream.port, pieces: pieces)
                    )
                    #expect(got == "true")
                }
            }
        }
    }

    @Test(arguments: TestedClient.allCases)
    func `a slow reader slows its upstream`(client: TestedClient) async throws {
        let total = 256 << 20
        let piece = ByteBuffer(repeating: 0x61, count: 1 << 20)
        let seen = Happenings()
        try await RawUpstream.run { peer, _ in
            _ = try await peer.request()
            try await peer.send("HTTP/1.1 200 OK\r\ncontent-length: \(total)\r\n\r\n")
            for _ in 0..<total / piece.readableBytes {
                try await peer.send(piece)
                seen.add("sent")
            }
        } test: { upstream in
            try await client.run { transport in
                let answer = try await transport.send(
                    .chat(on: upstream.port),
                    marking: Handover(),
                )
                var (isFirst, count, largest) = (true, 0, 0)
                try await answer.body.read { bytes in
                    if isFirst { try await pause(.milliseconds(500)) }
                    // What the sockets of both ends hold, and one piece.
                    if isFirst { #expect(seen.all.count < 32) }
                    isFirst = false
                    count += bytes.readableBytes
                    largest = max(largest, bytes.readableBytes)
                    return true
                }
                #expect(count == total)
                // When the upstream has closed, all that its socket held comes at once.
                #expect(largest <= 8 << 20)
            }
        }
    }
}
