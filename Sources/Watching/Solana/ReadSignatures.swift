import ChainFormats
import Synchronization

/// Which final transactions of each address were read to their end behind its safe point, so that no look reads
/// them again.
final class ReadSignatures: Sendable {
    private let signatures = Mutex<[SolanaKey: Set<String>]>([:])

    func contains(_ signature: String, of address: SolanaKey) -> Bool {
        signatures.withLock { $0[address]?.contains(signature) ?? false }
    }

    func insert(_ signature: String, of address: SolanaKey) {
        signatures.withLock { _ = $0[address, default: []].insert(signature) }
    }

    /// Forgets all others of the address.
    func keep(_ kept: [String], of address: SolanaKey) {
        signatures.withLock { $0[address]?.formIntersection(kept) }
    }
}
