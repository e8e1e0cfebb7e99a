import ChainFormats
import Primitives
import Synchronization

/// Since when transactions are waited for that the first node lists and does not tell yet.
///
/// It is in memory: a process that starts waits anew.
final class Waits: Sendable {
    private let beginnings = Mutex<[EVMWord: Timestamp]>([:])

    /// How long one alone holds up what is behind it.
    private static var patience: Duration { .seconds(600) }

    /// Whether one has been waited for long enough; it begins to be waited for where it was not.
    func isOver(_ transaction: EVMWord, at now: Timestamp) -> Bool {
        beginnings.withLock { beginnings in
            let beginning = beginnings[transaction] ?? now
            beginnings[transaction] = beginning
            return beginning.advanced(by: Waits.patience) <= now
        }
    }

    /// It is there.
    func end(_ transaction: EVMWord) {
        beginnings.withLock { _ = $0.removeValue(forKey: transaction) }
    }
}
