import Forwarding
import NIOCore
import NIOPosix
import Testing

/// How many connections there are to an upstream, and who gets the next one.
@Suite(.timeLimit(.minutes(5))) struct PoolTests {
    /// Answers each request with its own body, when it is told to.
    private func serve(_ peer: RawPeer, _ seen: Happenings) async throws {
        while let request = try await peer.request() {
            let body = request.split(separator: "\r\n\r\n").last.map(String.init) ?? ""
            seen.add("got \(body)")
            await seen.wait(for: "answer \(body)")
            try await peer.answer(body)
        }
    }

    /// Returns when so many requests wait for a connection.
    private func wait(for count: Int, in transport: any UpstreamTransport) async throws {
        let transport = try #require(transport as? NIOTransport)
        while transport.waitingCount != count { await Task.yield() }
    }

    @Test func `whoever finds the bound reached waits, in order`() async throws {
        let seen = Happenings()
        try await RawUpstream.run { peer, _ in
            seen.add("connection")
            try await serve(peer, seen)
        } test: { upstream in
            try await TestedClient.nio.run(connections: 1) { transport in
                try await withThrowingTaskGroup(of: String.self) { group in
                    for (index, name) in ["one", "two", "three"].enumerated() {
                        group.addTask { try await transport.ask(upstream.port, body: name) }
                        if name == "one" { await seen.wait(for: "got one") }
                        // The tasks queue one after the other.
                        try await wait(for: index, in: transport)
                    }
                    #expect(seen.all == ["connection", "got one"])
                    for name in ["one", "two", "three"] {
                        await seen.wait(for: "got \(name)")
                        seen.add("answer \(name)")
                        let got = try await group.next()
                        #expect(got == name)
                    }
                }
            }
        }
        #expect(seen.all.count { $0 == "connection" } == 1)
        #expect(
            seen.all.filter { $0.hasPrefix("got") } == ["got one", "got two", "got three"]
        )
    }

    @Test func `one who leaves the queue is not served`() async throws {
        let seen = Happenings()
        try await RawUpstream.run { peer, _ in
            try await serve(peer, seen)
        } test: { upstream in
            try await TestedClient.nio.run(connections: 1) { transport in
                try await withThrowingTaskGroup(of: String.self) { group in
                    group.addTask { try await transport.ask(upstream.port, body: "one") }
                    await seen.wait(for: "got one")
                    let handover = Handover()
                    try await withThrowingTaskGroup(of: String.self) { queued in
                        queued.addTask {
                            try await transport.ask(upstream.port, body: "two", marking: handover)
                        }
                        try await wait(for: 1, in: transport)
                        queued.cancelAll()
                        await #expect(throws: CancellationError.self) {
                            _ = try await queued.next()
                        }
                    }
                    #expect(!handover.isDone)
                    group.addTask { try await transport.ask(upstream.port, body: "three") }
                    seen.add("answer one")
                    seen.add("answer three")
                    let got = try await group.next()
                    #expect(got == "one")
                    let again = try await group.next()
                    #expect(again == "three")
                }
            }
        }
        #expect(!seen.all.contains("got two"))
    }

    @Test func `a place is free when its connection is lost, cancelled or refused`() async throws {
        let seen = Happenings()
        try await RawUpstream.run { peer, number in
            _ = try await peer.request()
            if number < 20 { return }
            try await peer.answer("good")
        } test: { upstream in
            try await TestedClient.nio.run(connections: 1) { transport in
                for _ in 0..<20 {
                    await #expect(throws: ForwardingError.brokenOff) {
                        _ = try await transport.ask(upstream.port)
                    }
                }
                let got = try await transport.ask(upstream.port)
                #expect(got == "good")
            }
        }
        try await TestedClient.nio.run(connections: 1) { transport in
            for _ in 0..<5 {
                await #expect(throws: ForwardingError.unreachable) {
                    _ = try await transport.ask(.chat(at: "http://127.0.0.1:1/v1"))
                }
            }
        }
        #expect(seen.all.isEmpty)
    }

    @Test(arguments: [1, 3, 64])
    func `all event loops together keep the bound`(bound: Int) async throws {
        let seen = Happenings()
        let group = MultiThreadedEventLoopGroup.singleton
        try await RawUpstream.run { peer, _ in
            seen.add("open")
            while let request = try await peer.request() {
                let body = request.split(separator: "\r\n\r\n").last.map(String.init) ?? ""
                try await peer.answer(body)
            }
        } test: { upstream in
            try await TestedClient.nio.run(connections: bound) { transport in
                try await withThrowingTaskGroup(of: Bool.self) { tasks in
                    for number in 0..<400 {
                        let body = "{\"number\":\(number)}"
                        let loop = group.next()
                        // Half of them run on event loops, half on other threads.
                        tasks.addTask(
                            executorPreference: number.isMultiple(of: 2) ? LoopExecutor(loop) : nil
                        ) {
                            try await transport.ask(upstream.port, body: body) == body
                        }
                    }
                    for try await isOwn in tasks { #expect(isOwn) }
                }
            }
        }
        #expect(!seen.all.isEmpty && seen.all.count <= bound)
    }

    @Test func `one that is called off and cancelled ends no other's connection`() async throws {
        try await RawUpstream.run { peer, _ in
            try await peer.answerAll("good")
        } test: { upstream in
            try await TestedClient.nio.run(connections: 1) { transport in
                for _ in 0..<300 {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        let handover = Handover()
                        #expect(handover.callOff())
                        group.addTask {
                            _ = try? await transport.ask(upstream.port, marking: handover)
                        }
                        group.addTask { [transport] in
                            let text = try await transport.ask(upstream.port)
                            #expect(text == "good")
                        }
                        try await group.waitForAll()
                    }
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask {
                            let text = try await transport.ask(upstream.port)
                            #expect(text == "good")
                        }
                        await withTaskGroup(of: Void.self) { off in
                            let handover = Handover()
                            #expect(handover.callOff())
                            off.addTask {
                                _ = try? await transport.ask(upstream.port, marking: handover)
                            }
                            off.cancelAll()
                        }
                        try await group.waitForAll()
                    }
                }
            }
        }
    }

    /// Everything at once, so that what is rare happens.
    @Test func `in a crowd with faults each answer is its asker's`() async throws {
        try await RawUpstream.run { peer, _ in
            while let request = try await peer.request() {
                let body = request.split(separator: "\r\n\r\n").last.map(String.init) ?? ""
                let number = Int(body) ?? 0
                switch number % 7 {
                case 0: return
                case 1: try await peer.send(RawPeer.answer(body) + "HTTP/1.1 200 OK\r\n")
                case 2: try await peer.answer(body, more: "connection: close\r\n")
                case 3:
                    try await peer.send("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n\(body)")
                    return
                case _: try await peer.answer(body)
                }
            }
        } test: { upstream in
            try await TestedClient.nio.run(connections: 4) { transport in
                await withTaskGroup(of: Void.self) { tasks in
                    for number in 0..<700 {
                        let loop = MultiThreadedEventLoopGroup.singleton.next()
                        tasks.addTask(
                            executorPreference: number.isMultiple(of: 2) ? LoopExecutor(loop) : nil
                        ) {
                            let text = try? await transport.ask(upstream.port, body: "\(number)")
                            #expect(text == nil || text == "\(number)")
                            if ![0, 3].contains(number % 7) { #expect(text != nil) }
                        }
                        if number.isMultiple(of: 50) { try? await pause(.milliseconds(1)) }
                    }
                }
            }
        }
    }
}
