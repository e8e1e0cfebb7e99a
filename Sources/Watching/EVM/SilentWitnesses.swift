import Synchronization

/// The witnesses of one look that could not be reached, or did not answer in time, when they were asked of a receipt.
///
/// Each takes its whole time once, however many receipts it is to be asked of. With too few left for a quorum,
/// what is not agreed on waits for the next look.
final class SilentWitnesses: Sendable {
    private let numbers = Mutex<Set<Int>>([])

    func note(_ silent: [Int]) { numbers.withLock { $0.formUnion(silent) } }

    func without<Node: Sendable>(_ witnesses: [Witness<Node>]) -> [Witness<Node>] {
        let silent = numbers.withLock(\.self)
        return witnesses.filter { !silent.contains($0.number) }
    }
}
