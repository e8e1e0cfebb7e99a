package import Identity
package import Primitives
import Synchronization

/// The keys that were used last, so that an agent is recognised without the store.
///
/// One process writes the keys, and whoever changes one has it forgotten here once that is committed;
/// a key that was read before a change is not kept after it.
package final class KeyDirectory: Sendable {
    private struct State {
        var keys: [KeyID: Key] = [:]
        /// How many changes there were.
        var changes = 0
    }

    /// How many keys are kept at most.
    private static let capacity = 1 << 16

    private let state = Mutex(State())

    package init() {}

    /// The key that `secret` is, where it is known here.
    ///
    /// - Throws: ``IdentityError/invalidCredential``.
    /// - Returns: the key; or else a mark to ``keep(_:since:)`` it with once it is read.
    package func authenticate(_ secret: Secret, at now: Timestamp) throws -> (key: Key?, mark: Int)
    {
        guard let id = secret.keyID else { throw IdentityError.invalidCredential }
        let (key, mark) = state.withLock { ($0.keys[id], $0.changes) }
        guard let key else { return (nil, mark) }
        guard key.digest == secret.digest, key.isValid(at: now) else {
            throw IdentityError.invalidCredential
        }
        return (key, mark)
    }

    /// Keeps a key that was read from the store, unless one was changed since `mark`.
    package func keep(_ key: Key, since mark: Int) {
        state.withLock { state in
            guard state.changes == mark else { return }
            if state.keys.count >= KeyDirectory.capacity { state.keys.removeAll() }
            state.keys[key.id] = key
        }
    }

    /// Forgets a key that was changed.
    package func forget(_ id: KeyID) {
        state.withLock { state in
            state.keys[id] = nil
            state.changes += 1
        }
    }
}
