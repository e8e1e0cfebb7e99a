import Dispatch
import Primitives
import StoreSQLite
import Synchronization

/// Holds a store's writer, so that a test can let writes pile up behind it.
final class Gate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    private let isEntered = Mutex(false)

    /// A write that stands in the store until the gate is opened.
    func stand(in store: SQLiteStore) async throws {
        try await store.write(.visible) { _ in self.stand() }
    }

    /// Stands in a body until the gate is opened.
    func stand() {
        isEntered.withLock { $0 = true }
        semaphore.wait()
    }

    /// Returns when `count` writes wait behind the one that stands in the store.
    func waitUntilWaiting(_ count: Int, in store: SQLiteStore) async {
        while store.waitingCount < count { await Task.yield() }
    }

    /// Returns when somebody stands at the gate.
    func waitUntilEntered() async {
        while !isEntered.withLock(\.self) { await Task.yield() }
    }

    func open() { semaphore.signal() }
}
