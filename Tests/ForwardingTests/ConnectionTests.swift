import Forwarding
import NIOCore
import Testing

/// Which connection a request goes over, and when a connection ends.
@Suite(.timeLimit(.minutes(5))) struct ConnectionTests {
    /// What an upstream sends behind a whole answer, in the same write.
    static let surplus = [
        "H", "x", "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil",
        "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n", "HTTP/1.1 200 OK\r\n\r\nevil",
    ]

    @Test(arguments: surplus, [true, false])
    func `what follows an answer is nobody's answer`(more: String, isChunked: Bool) async throws {
        let first =
            isChunked
            ? "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\ngood\r\n0\r\n\r\n"
            : RawPeer.answer("good")
        let seen = Happenings()
        try await RawUpstream.run { peer, number in
            seen.add("connection")
            _ = try await peer.request()
            try await peer.send(first + (number == 0 ? more : ""))
            if number == 0 { await peer.waitForLeaving() }
        } test: { upstream in
            try await TestedClient.nio.run { transport in
                for _ in 0..<2 {
                    let got = try await transport.ask(upstream.port)
                    #expect(got == "good")
                }
            }
        }
        #expect(seen.all.count == 2)
    }

    @Test(arguments: ["x", "\r\n", RawPeer.answer("evil")])
    func `what comes on an idle connection closes it`(more: String) async throws {
        let seen = Happenings()
        try await RawUpstream.run { peer, number in
            _ = try await peer.request()
            try await peer.answer("good")
            guard number == 0 else { return }
            await seen.wait(for: "read")
            try await peer.send(more)
            await peer.waitForLeaving()
            seen.add("left")
        } test: { upstream in
            try await TestedClient.nio.run { transport in
                let got = try await transport.ask(upstream.port)
                #expect(got == "good")
                seen.add("read")
                await seen.wait(for: "left")
                let again = try await transport.ask(upstream.port)
                #expect(again == "good")
            }
        }
    }

    @Test(arguments: TestedClient.allCases)
    func `a connection that the upstream closed is not used`(client: TestedClient) async throws {
        let seen = Happenings()
        try await RawUpstream.run { peer, _ in
            _ = try await peer.request()
            try await peer.answer("good")
            await seen.wait(for: "read")
            // Its own half, so that it hears the client close the other one.
            try await peer.channel.close(mode: .output)
            await peer.waitForLeaving()
            seen.add("closed")
        } test: { upstream in
            try await client.run { transport in
                let got = try await transport.ask(upstream.port)
                #expect(got == "good")
                seen.add("read")
                await seen.wait(for: "closed")
                try await everyLoopHasHeard()
                let again = try await transport.ask(upstream.port)
                #expect(again == "good")
            }
        }
    }

    @Test func `a request that meets its connection's end is not sent again`() async throws {
        let seen = Happenings()
        try await RawUpstream.run { peer, _ in
            seen.add("connection")
            _ = try await peer.request()
            try await peer.answer("good")
            _ = try await peer.request()
            seen.add("again")
            try await peer.reset()
        } test: { upstream in
            try await TestedClient.nio.run { transport in
                let got = try await transport.ask(upstream.port)
                #expect(got == "good")
                await #expect(throws: ForwardingError.brokenOff) {
                    _ = try await transport.ask(upstream.port)
                }
            }
        }
        #expect(seen.all == ["connection", "again"])
    }

    @Test func `a connection that serves nobody is closed after a while`() async throws {
        try await RawUpstream.run { peer, _ in
            try await peer.answerAll("good")
        } test: { upstream in
            try await TestedClient.nio.run(idleTimeout: .milliseconds(100)) { transport in
                for _ in 0..<2 {
                    let got = try await transport.ask(upstream.port)
                    #expect(got == "good")
                }
                try await pause(.milliseconds(400))
            }
        }
        let seen = Happenings()
        try await RawUpstream.run { peer, _ in
            try await peer.answerAll("good")
            seen.add("left")
        } test: { upstream in
            try await TestedClient.nio.run(idleTimeout: .milliseconds(100)) { transport in
                for _ in 0..<2 {
                    let got = try await transport.ask(upstream.port)
                    #expect(got == "good")
                }
                // Before the shutdown, which would close it, too.
                await seen.wait(for: "left")
            }
        }
    }

    @Test func `a connection in use does not expire`() async throws {
        let seen = Happenings()
        try await RawUpstream.run { peer, _ in
            _ = try await peer.request()
            try await peer.send("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n")
            await seen.wait(for: "waited")
            try await peer.send("good")
        } test: { upstream in
            try await TestedClient.nio.run(idleTimeout: .milliseconds(50)) { transport in
                let answer = try await transport.send(
                    .chat(on: upstream.port),
                    marking: Handover(),
                )
                try await pause(.milliseconds(300))
                seen.add("waited")
                let got = try await answer.text()
                #expect(got == "good")
            }
        }
    }

    @Test(arguments: TestedClient.allCases)
    func `an answer that is not read closes its connection`(client: TestedClient) async throws {
        let seen = Happenings()
        try await RawUpstream.run { peer, _ in
            _ = try await peer.request()
            try await peer.send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ngood")
            await peer.waitForLeaving()
            seen.add("left")
        } test: { upstream in
            try await client.run { transport in
                let status = try await transport.send(
                    .chat(on: upstream.port),
                    marking: Handover(),
                ).status
                #expect(status == 200)
                await seen.wait(for: "left")
            }
        }
    }

    @Test(arguments: TestedClient.allCases, [true, false])
    func `an answer that is read in part closes its connection`(
        client: TestedClient,
        throwing: Bool,
    ) async throws {
        struct Enough: Error {}
        let seen = Happenings()
        try await RawUpstream.run { peer, _ in
            _ = try await peer.request()
            try await peer.send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ngood")
            await peer.waitForLeaving()
            seen.add("left")
        } test: { upstream in
            try await client.run { transport in
                let answer = try await transport.send(
                    .chat(on: upstream.port),
                    marking: Handover(),
                )
                do {
                    try await answer.body.read { _ in
                        if throwing { throw Enough() }
                        return false
                    }
                    #expect(!throwing)
                } catch is Enough { #expect(throwing) }
                // AsyncHTTPClient closes it when the body is dropped.
                if client == .nio { await seen.wait(for: "left") }
            }
        }
        #expect(seen.all == ["left"])
    }

    @Test func `an answer that overtakes its request ends the connection`() async throws {
        let body = String(repeating: "x", count: 32 << 20)
        let seen = Happenings()
        try await RawUpstream.run(readsAtOnce: false) { peer, _ in
            try await peer.answer("early")
            await seen.wait(for: "read")
            try await peer.read()
            await peer.waitForLeaving()
            seen.add("left")
        } test: { upstream in
            try await TestedClient.nio.run { transport in
                let text = try? await transport.ask(upstream.port, body: body)
                #expect(text == nil || text == "early")
                seen.add("read")
                await seen.wait(for: "left")
            }
        }
    }

    @Test func `nothing of a request that was called off is sent`() async throws {
        let seen = Happenings()
        try await RawUpstream.run { peer, _ in
            while let request = try await peer.request() {
                seen.add(request.hasSuffix("good") ? "good" : "bad")
                try await peer.answer("x")
            }
        } test: { upstream in
            try await TestedClient.nio.run { transport in
                let handover = Handover()
                #expect(handover.callOff())
                await #expect(throws: CancellationError.self) {
                    _ = try await transport.ask(upstream.port, body: "bad", marking: handover)
                }
                #expect(!handover.isDone)
                // The connection is as good as new, and it is not ended late.
                _ = try await transport.ask(upstream.port, body: "good")
            }
        }
        #expect(seen.all == ["good"])
    }

    @Test func `the shutdown breaks off an answer, even one without a length`() async throws {
        let seen = Happenings()
        try await RawUpstream.run { peer, _ in
            _ = try await peer.request()
            try await peer.send("HTTP/1.1 200 OK\r\n\r\nhello")
            await peer.waitForLeaving()
        } test: { upstream in
            let transport = NIOTransport(
                settings: NIOTransport.Settings(connectTimeout: .seconds(300), connections: 8)
            )
            let answer = try await transport.send(.chat(on: upstream.port), marking: Handover())
            await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await answer.body.read { _ in
                        seen.add("piece")
                        return true
                    }
                }
                await seen.wait(for: "piece")
                await transport.shutdown()
                let result = await group.nextResult()
                #expect(throws: ForwardingError.brokenOff) { try result?.get() }
            }
        }
    }

    @Test func `after the shutdown nobody is reached`() async throws {
        let seen = Happenings()
        try await RawUpstream.run { peer, number in
            _ = try await peer.request()
            if number == 0 { try await peer.answer("good") }
            seen.add("asked")
            await peer.waitForLeaving()
            seen.add("left")
        } test: { upstream in
            let transport = NIOTransport(
                settings: NIOTransport.Settings(connectTimeout: .seconds(300), connections: 8)
            )
            let got = try await transport.ask(upstream.port)
            #expect(got == "good")
            await transport.shutdown()
            await seen.wait(for: "left")
            await #expect(throws: ForwardingError.unreachable) {
                _ = try await transport.ask(upstream.port)
            }
        }
    }
}
