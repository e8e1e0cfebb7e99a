package import Primitives
import Synchronization

/// The holds of the inferences that run in this process.
package final class LiveHolds: Sendable {
    private let ids = Mutex(Set<InferenceID>())
    private let limit: Int

    package init(limit: Int) { self.limit = limit }

    package var all: Set<InferenceID> { ids.withLock(\.self) }
    package var count: Int { ids.withLock(\.count) }

    /// Counts an inference in.
    ///
    /// - Returns: `false` when as many run as may.
    package func enter(_ id: InferenceID) -> Bool {
        ids.withLock { $0.count < limit && $0.insert(id).inserted }
    }

    package func leave(_ id: InferenceID) { _ = ids.withLock { $0.remove(id) } }
}
