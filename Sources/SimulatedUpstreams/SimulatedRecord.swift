import NIOCore
import NIOHTTP1
import Synchronization

/// What a simulated upstream received: counts of everything, and the last 1,000 requests.
///
/// Older requests are forgotten sooner when their bodies take more than 64 MiB together. An answer counts as completed
/// just before its last bytes are written, so whoever has read a whole answer finds it completed.
package final class SimulatedRecord: Sendable {
    private let state = Mutex(RecordState())

    init() {}

    package var counts: SimulatedCounts { state.withLock { $0.counts } }
    package var count: Int { counts.count }
    package var inflight: Int { counts.inflight }
    package var completed: Int { counts.completed }
    package var cancelled: Int { counts.cancelled }

    /// The requests still remembered, oldest first.
    package var requests: [ReceivedRequest] { state.withLock { $0.remembered } }

    /// The newest request.
    package var last: ReceivedRequest? { requests.last }

    /// Forgets all requests and starts counting from 0; answers under way are no longer counted.
    package func reset() {
        state.withLock { $0.reset() }
    }

    /// Waits until the counts satisfy `condition`, without polling.
    ///
    /// Returns early with the counts of the moment when the task is cancelled.
    @discardableResult
    package func wait(
        until condition: @Sendable (SimulatedCounts) -> Bool
    ) async -> SimulatedCounts {
        let (stream, continuation) = AsyncStream.makeStream(
            of: SimulatedCounts.self,
            bufferingPolicy: .bufferingNewest(1),
        )
        let watcher = state.withLock { $0.watch(continuation) }
        defer { state.withLock { $0.unwatch(watcher) } }
        for await counts in stream where condition(counts) { return counts }
        return counts
    }

    /// Waits until at least `count` requests were received.
    package func waitForCount(_ count: Int) async {
        await wait { $0.count >= count }
    }

    /// Waits until no answer is under way.
    package func waitUntilIdle() async {
        await wait { $0.inflight == 0 }
    }

    func begin(_ head: HTTPRequestHead, body: ByteBuffer) -> Int {
        state.withLock { $0.begin(head, body: body) }
    }

    func plan(_ id: Int, status: Int?, sent: SentTokens) {
        state.withLock { $0.plan(id, status: status, sent: sent) }
    }

    func end(_ id: Int, _ outcome: ReceivedRequest.Outcome, pieces: Int) {
        state.withLock { $0.end(id, outcome, pieces: pieces) }
    }
}
