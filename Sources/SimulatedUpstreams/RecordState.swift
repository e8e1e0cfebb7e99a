import NIOCore
import NIOHTTP1

/// The value behind ``SimulatedRecord``.
struct RecordState {
    private(set) var counts = SimulatedCounts()
    private var requests: [Int: ReceivedRequest] = [:]
    private var underway: Set<Int> = []
    private var oldestID = 1
    private var nextID = 1
    private var bodyBytes = 0
    private var watchers: [Int: AsyncStream<SimulatedCounts>.Continuation] = [:]
    private var nextWatcher = 1

    private static let mostRequests = 1000
    private static let mostBodyBytes = 64 << 20

    var remembered: [ReceivedRequest] { (oldestID..<nextID).compactMap { requests[$0] } }

    mutating func begin(_ head: HTTPRequestHead, body: ByteBuffer) -> Int {
        let id = nextID
        nextID += 1
        requests[id] = ReceivedRequest(
            id: id,
            method: head.method.rawValue,
            path: head.uri,
            content: body,
            fields: head.headers,
        )
        bodyBytes += body.readableBytes
        underway.insert(id)
        counts.began()
        forgetOldest()
        tellWatchers()
        return id
    }

    mutating func plan(_ id: Int, status: Int?, sent: SentTokens) {
        requests[id]?.status = status
        requests[id]?.sent = sent
    }

    mutating func end(_ id: Int, _ outcome: ReceivedRequest.Outcome, pieces: Int) {
        guard underway.remove(id) != nil else { return }
        requests[id]?.outcome = outcome
        requests[id]?.pieces = pieces
        counts.ended(outcome)
        tellWatchers()
    }

    mutating func reset() {
        counts = SimulatedCounts()
        requests = [:]
        underway = []
        oldestID = nextID
        bodyBytes = 0
        tellWatchers()
    }

    mutating func watch(_ watcher: AsyncStream<SimulatedCounts>.Continuation) -> Int {
        defer { nextWatcher += 1 }
        watchers[nextWatcher] = watcher
        watcher.yield(counts)
        return nextWatcher
    }

    mutating func unwatch(_ id: Int) {
        watchers[id] = nil
    }

    private mutating func forgetOldest() {
        while requests.count > Self.mostRequests
            || (bodyBytes > Self.mostBodyBytes && requests.count > 1)
        {
            bodyBytes -= requests.removeValue(forKey: oldestID)?.content.readableBytes ?? 0
            oldestID += 1
        }
    }

    private func tellWatchers() {
        for watcher in watchers.values { watcher.yield(counts) }
    }
}
