import Synchronization

/// Whether something was heard since it was asked last; at first, yes.
final class Liveness: Sendable {
    private let wasHeard = Atomic(true)

    func note() { wasHeard.store(true, ordering: .relaxed) }

    func takeNote() -> Bool { wasHeard.exchange(false, ordering: .relaxed) }
}
