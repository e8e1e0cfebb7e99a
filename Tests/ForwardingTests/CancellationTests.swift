import Forwarding
import NIOCore
import NIOPosix
import Testing

/// Cancelling ends a request's connection at once, whatever it waits for; time limits are its kin.
@Suite(.timeLimit(.minutes(5))) struct CancellationTests {
    /// Runs `work` in a task that is cancelled when `moment` has come.
    private func cancel(
        when moment: @escaping @Sendable () async throws -> Void,
        _ work: @escaping @Sendable () async throws -> Void,
    ) async throws -> Result<Void, any Error> {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await work() }
            try await moment()
            group.cancelAll()
            return await group.nextResult() ?? .success(())
        }
    }

    @Test(arguments: TestedClient.allCases)
    func `cancelled before the head, the connection ends`(client: TestedClient) async throws {
        let seen = Happenings()
        try await RawUpstream.run { peer, _ in
            _ = try await peer.request()
            seen.add("asked")
            await peer.waitForLeaving()
            seen.add("left")
        } test: { upstream in
            try await client.run { transport in
                let result = try await cancel {
                    await seen.wait(for: "asked")
                } _: {
                    _ = try await transport.ask(upstream.port)
                }
                #expect(throws: CancellationError.self) { try result.get() }
                await seen.wait(for: "left")
            }
        }
    }

    @Test(arguments: TestedClient.allCases, [true, false])
    func `cancelled in the body, the connection ends`(
        client: TestedClient,
        whileTaking: Bool,
    ) async throws {
        let seen = Happenings()
        try await RawUpstream.run { peer, _ in
            _ = try await peer.request()
            try await peer.send("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ngood")
            await peer.waitForLeaving()
            seen.add("left")
        } test: { upstream in
            try await client.run { transport in
                let result = try await cancel {
                    await seen.wait(for: "piece")
                } _: {
                    let answer = try await transport.send(
                        .chat(on: upstream.port),
                        marking: Handover(),
                    )
                    try await answer.body.read { _ in
                        seen.add("piece")
                        // Nothing needs to be read for the connection to end.
                        if whileTaking, client == .nio { await seen.wait(for: "left") }
                        return true
                    }
                }
                #expect(throws: CancellationError.self) { try result.get() }
                await seen.wait(for: "left")
            }
        }
    }

    @Test(arguments: TestedClient.allCases)
    func `cancelled before it is sent, a request reaches nobody`(client: TestedClient) async throws
    {
        let seen = Happenings()
        try await RawUpstream.run { peer, _ in
            if try await peer.request() != nil { seen.add("asked") }
        } test: { upstream in
            try await client.run { transport in
                let result = try await cancel {
                } _: {
                    while !Task.isCancelled { await Task.yield() }
                    _ = try await transport.ask(upstream.port)
                }
                #expect(throws: CancellationError.self) { try result.get() }
            }
        }
        #expect(seen.all.isEmpty)
    }

    @Test func `cancelled while TLS is agreed, the connection ends`() async throws {
        let seen = Happenings()
        try await RawUpstream.run { peer, _ in
            seen.add("connected")
            await peer.waitForLeaving()
            seen.add("left")
        } test: { upstream in
            try await TestedClient.nio.run { transport in
                let handover = Handover()
                let result = try await cancel {
                    await seen.wait(for: "connected")
                } _: {
                    let url = "https://127.0.0.1:\(upstream.port)/v1"
                    _ = try await transport.ask(.chat(at: url), marking: handover)
                }
                #expect(throws: CancellationError.self) { try result.get() }
                #expect(!handover.isDone)
                await seen.wait(for: "left")
            }
        }
    }

    @Test(arguments: TestedClient.allCases)
    func `TLS that is not agreed in time is a time-out`(client: TestedClient) async throws {
        let seen = Happenings()
        try await RawUpstream.run { peer, _ in
            seen.add("connected")
            await peer.waitForLeaving()
            seen.add("left")
        } test: { upstream in
            try await client.run(connectTimeout: .milliseconds(200)) { transport in
                let url = "https://127.0.0.1:\(upstream.port)/v1"
                await #expect(throws: ForwardingError.timedOut) {
                    _ = try await transport.ask(.chat(at: url))
                }
                // On a busy machine the time may be up before there is a connection.
                if client == .nio, seen.all.contains("connected") {
                    await seen.wait(for: "left")
                }
            }
        }
    }

    @Test(arguments: TestedClient.allCases)
    func `connecting can time out and be cancelled`(client: TestedClient) async throws {
        try await withDeafServer { port in
            try await client.run(connectTimeout: .milliseconds(300)) { transport in
                let handover = Handover()
                await #expect(throws: ForwardingError.timedOut) {
                    _ = try await transport.ask(port, marking: handover)
                }
                #expect(!handover.isDone)
            }
            // AsyncHTTPClient's shutdown waits for the connection.
            guard client == .nio else { return }
            try await client.run(connectTimeout: .seconds(600)) { transport in
                let result = try await cancel {
                    try await pause(.milliseconds(100))
                } _: {
                    _ = try await transport.ask(port)
                }
                #expect(throws: CancellationError.self) { try result.get() }
            }
        }
    }

    /// A server that accepts nothing, and whose queue is full.
    private func withDeafServer(_ test: (Int) async throws -> Void) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let server = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1)
            .serverChannelOption(.autoRead, value: false)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = server.localAddress?.port ?? 0
        var waiting: [any Channel] = []
        // A busy machine is slow to answer, too: one time-out does not mean that the queue is full.
        var timeouts = 0
        while timeouts < 3 {
            let channel = try? await ClientBootstrap(group: group)
                .connectTimeout(.milliseconds(500)).connect(host: "127.0.0.1", port: port).get()
            if let channel { waiting.append(channel) }
            timeouts = channel == nil ? timeouts + 1 : 0
        }
        try await test(port)
        for channel in waiting { try await channel.close() }
        try await server.close()
    }
}
