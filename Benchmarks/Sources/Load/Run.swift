import Glibc
import NIOCore
import NIOPosix
import Wire

/// One run of the load: who asks, how often, and what was seen; all of it on one event loop.
final class Run {
    private let options: Options
    private let loop: any EventLoop
    /// One for each key; they take turns.
    private let requests: [ByteBuffer]
    private var requested = 0
    private let isStream: Bool
    private let over: EventLoopPromise<Void>
    private var idle: [Client] = []
    /// When each request was due that waits for a connection.
    private var due: [Int64] = []
    private var open = 0
    private var isOver = false
    private var startedAt = nanoseconds()
    private var endedAt = nanoseconds()
    private var seen = Seen()

    init(_ options: Options, on loop: any EventLoop) {
        self.options = options
        self.loop = loop
        over = loop.makePromise()
        let body = options.text("body", or: "{}")
        isStream = body.contains("\"stream\":true")
        let keys = Run.keys(options)
        requests = keys.map { key in
            ByteBuffer(
                string: "POST \(options.text("path", or: "/v1/chat/completions")) HTTP/1.1\r\n"
                    + "host: 127.0.0.1\r\ncontent-type: application/json\r\n"
                    + "authorization: Bearer \(key)\r\n"
                    + "content-length: \(body.utf8.count)\r\n\r\n\(body)"
            )
        }
    }

    /// The keys of a file, one a line, or the one that is given.
    private static func keys(_ options: Options) -> [String] {
        let path = options.text("keys", or: "")
        guard !path.isEmpty else { return [options.text("key", or: "none")] }
        guard let file = fopen(path, "r") else { fatalError("no file: \(path)") }
        defer { fclose(file) }
        var keys: [String] = []
        while let line = readLine(from: file) { keys.append(line) }
        return keys
    }

    private static func readLine(from file: UnsafeMutablePointer<FILE>) -> String? {
        var line: UnsafeMutablePointer<CChar>?
        var size = 0
        defer { free(line) }
        guard getline(&line, &size, file) > 0, let line else { return nil }
        return String(String(cString: line).prefix { $0 != "\n" })
    }

    /// The request of the key whose turn it is.
    private var request: ByteBuffer {
        requested += 1
        return requests[requested % requests.count]
    }

    /// Returns when the time is up and the last answer has come.
    func start() -> EventLoopFuture<Void> {
        for _ in 0..<connections {
            Client(self).connect(to: options.number("port", or: 0), on: loop).whenFailure { error in
                fatalError("no connection: \(error)")
            }
        }
        return over.futureResult
    }

    private var connections: Int {
        let holds = options.number("hold", or: 0)
        return holds > 0 ? holds : options.number("connections", or: 64)
    }

    /// Called when every client can ask: a connection is there a little before its handler is told.
    private func begin() {
        startedAt = nanoseconds()
        let bound = NIOLoopBound(self, eventLoop: loop)
        if options.number("hold", or: 0) == 0 {
            loop.scheduleTask(in: .seconds(Int64(options.number("seconds", or: 3)))) {
                bound.value.stop()
            }
        }
        if options.number("rate", or: 0) > 0 { tick() } else { askAll() }
    }

    private func askAll() {
        while let client = idle.popLast() { client.ask(request, due: nanoseconds()) }
    }

    /// Asks what is due, as often as the loop comes round.
    private func tick() {
        guard !isOver else { return }
        let interval = 1_000_000_000 / Int64(options.number("rate", or: 1))
        let now = nanoseconds()
        while startedAt + Int64(seen.asked) * interval <= now {
            due.append(startedAt + Int64(seen.asked) * interval)
            seen.asked += 1
        }
        askWhatIsDue()
        let bound = NIOLoopBound(self, eventLoop: loop)
        loop.scheduleTask(in: .microseconds(200)) { bound.value.tick() }
    }

    private func askWhatIsDue() {
        var asked = 0
        while asked < due.count, let client = idle.popLast() {
            client.ask(request, due: due[asked])
            asked += 1
        }
        due.removeFirst(asked)
    }

    private func stop() {
        isOver = true
        endedAt = nanoseconds()
        if open == idle.count { over.succeed() }
    }

    // MARK: What the clients tell

    func opened(_ client: Client) {
        open += 1
        idle.append(client)
        if open == connections { begin() }
    }

    func began() {
        seen.began += 1
        if seen.began == options.number("hold", or: 0) {
            print("holding \(seen.began)")
            fflush(nil)
        }
    }

    func took(_ text: ByteBuffer, at now: Int64) {
        guard isStream else { return }
        seen.takeChunks(of: text, at: now)
    }

    func answered(_ client: Client, _ answer: Client.Answer) {
        seen.take(answer, isLate: isOver)
        idle.append(client)
        guard !isOver else {
            if open == idle.count { over.succeed() }
            return
        }
        if options.number("rate", or: 0) > 0 { askWhatIsDue() } else { askAll() }
    }

    func failed(_ client: Client) {
        seen.errors += 1
        open -= 1
        idle.removeAll { $0 === client }
        if isOver, open == idle.count { over.succeed() }
    }

    var report: String { seen.report(seconds: Double(endedAt - startedAt) / 1e9, unanswered: due.count) }
}
