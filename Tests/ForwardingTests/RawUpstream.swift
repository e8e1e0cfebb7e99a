import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A server that does on each connection what a test says, byte by byte.
struct RawUpstream: Sendable {
    let port: Int

    /// Listens while `test` runs, and does `script` on each connection, which is told its number.
    ///
    /// The first has the number 0. Returns when all connections have ended. Without `readsAtOnce`
    /// nothing is read before the script says ``RawPeer/read()``.
    static func run(
        tls: NIOSSLContext? = nil,
        readsAtOnce: Bool = true,
        script: @escaping @Sendable (RawPeer, Int) async throws -> Void,
        test: (RawUpstream) async throws -> Void,
    ) async throws {
        let (accepted, acceptor) = AsyncStream.makeStream(of: RawConnection.self)
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let sync = channel.pipeline.syncOperations
                    if let tls { try sync.addHandler(NIOSSLServerHandler(context: tls)) }
                    let (pieces, reader) = AsyncStream.makeStream(of: ByteBuffer.self)
                    try sync.addHandler(RawReader(reader))
                    acceptor.yield(RawConnection(channel: channel, pieces: pieces))
                }
            }
            .childChannelOption(.autoRead, value: readsAtOnce)
            .bind(host: "127.0.0.1", port: 0).get()
        let upstream = RawUpstream(port: server.localAddress?.port ?? 0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await serve(accepted, script)
            }
            let result: Result<Void, any Error>
            do { result = .success(try await test(upstream)) } catch { result = .failure(error) }
            try await server.close()
            acceptor.finish()
            if case .failure = result { group.cancelAll() }
            try result.get()
            try await group.waitForAll()
        }
    }

    private static func serve(
        _ connections: AsyncStream<RawConnection>,
        _ script: @escaping @Sendable (RawPeer, Int) async throws -> Void,
    ) async {
        await withTaskGroup(of: Void.self) { group in
            var count = 0
            for await connection in connections {
                let number = count
                count += 1
                group.addTask {
                    // What breaks here is seen by the client.
                    try? await script(RawPeer(connection), number)
                    try? await connection.channel.close()
                }
            }
            await group.waitForAll()
        }
    }
}

/// A connection that was accepted, and what comes on it.
private struct RawConnection: Sendable {
    let channel: any Channel
    let pieces: AsyncStream<ByteBuffer>
}

private final class RawReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let reader: AsyncStream<ByteBuffer>.Continuation

    init(_ reader: AsyncStream<ByteBuffer>.Continuation) { self.reader = reader }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        reader.yield(unwrapInboundIn(data))
    }

    func channelInactive(context: ChannelHandlerContext) { reader.finish() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

/// The other end of one connection.
final class RawPeer {
    let channel: any Channel
    private var pieces: AsyncStream<ByteBuffer>.AsyncIterator
    private var text = ""

    fileprivate init(_ connection: RawConnection) {
        channel = connection.channel
        pieces = connection.pieces.makeAsyncIterator()
    }

    /// Reads one whole request; `nil` where the client has left.
    func request() async throws -> String? {
        while true {
            if let whole = takeRequest() { return whole }
            guard let piece = await pieces.next(isolation: #isolation) else { return nil }
            text += String(buffer: piece)
        }
    }

    private func takeRequest() -> String? {
        guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
        let head = text[..<end.lowerBound]
        let line = head.split(separator: "\r\n").first {
            $0.lowercased().hasPrefix("content-length:")
        }
        let length = line.flatMap { Int($0.dropFirst(15).filter { $0 != " " }) } ?? 0
        // The requests of these tests are ASCII.
        let stop = text.index(end.upperBound, offsetBy: length, limitedBy: text.endIndex)
        guard let stop else { return nil }
        defer { text.removeSubrange(..<stop) }
        return String(text[..<stop])
    }

    /// Reads whatever comes from now on.
    func read() async throws { try await channel.setOption(.autoRead, value: true).get() }

    func send(_ text: String) async throws { try await send(ByteBuffer(string: text)) }

    /// Returns when the socket has taken it.
    func send(_ bytes: ByteBuffer) async throws { try await channel.writeAndFlush(bytes) }

    /// Answers with a length.
    func answer(_ body: String, more: String = "") async throws {
        try await send(RawPeer.answer(body, more: more))
    }

    static func answer(_ body: String, more: String = "") -> String {
        "HTTP/1.1 200 OK\r\ncontent-length: \(body.utf8.count)\r\n\(more)\r\n\(body)"
    }

    /// Answers each request with its body's number of bytes, until the client leaves.
    func answerAll(_ body: String) async throws {
        while try await request() != nil { try await answer(body) }
    }

    /// Waits until the client has closed the connection; whatever it sends meanwhile is dropped.
    func waitForLeaving() async {
        while let piece = await pieces.next(isolation: #isolation) { _ = piece }
    }

    /// Ends the connection under TLS, which does not get to say goodbye.
    func cut() async throws {
        try await channel.eventLoop.submit { [channel] in
            let sync = channel.pipeline.syncOperations
            let tls = try sync.context(handlerType: NIOSSLServerHandler.self)
            tls.close(promise: nil)
        }.get()
    }

    /// Ends the connection as a crash does.
    func reset() async throws {
        if let options = channel as? any SocketOptionProvider {
            try await options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        }
        try await channel.close()
    }
}

/// What happened, in the order in which it did, for whoever waits for it.
final class Happenings: Sendable {
    private struct State {
        var names: [String] = []
        var watchers: [AsyncStream<[String]>.Continuation] = []
    }

    private let state = Mutex(State())

    var all: [String] { state.withLock { $0.names } }

    func add(_ name: String) {
        state.withLock { state in
            state.names.append(name)
            for watcher in state.watchers { watcher.yield(state.names) }
        }
    }

    /// Waits until it has happened, or the task is cancelled.
    func wait(for name: String) async {
        let (stream, continuation) = AsyncStream.makeStream(
            of: [String].self,
            bufferingPolicy: .bufferingNewest(1),
        )
        state.withLock { state in
            state.watchers.append(continuation)
            continuation.yield(state.names)
        }
        for await names in stream where names.contains(name) { return }
    }
}

/// Lets time pass in which nothing must happen; there is no event to wait for.
func pause(_ time: TimeAmount) async throws {
    try await MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: time) {}
        .futureResult.get()
}

/// Returns when every event loop has done what it had begun, and what came of that.
func everyLoopHasHeard() async throws {
    for _ in 0..<3 {
        for loop in MultiThreadedEventLoopGroup.singleton.makeIterator() {
            try await loop.submit {}.get()
        }
    }
}

/// Runs tasks on an event loop, as a server may.
final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
