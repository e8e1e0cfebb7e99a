import Deposits
import Primitives

/// What witnesses list and the first node does not.
extension UnreadTransactions {
    /// What came of it.
    enum Followed {
        case read([ObservedDeposit])
        case remembered
        /// It can not be read, and there is no room for it.
        case left
    }

    /// Remembers a transaction that witnesses alone list before it is asked for, where there is room: it is tried,
    /// whatever becomes of the process.
    ///
    /// - Returns: whether it is remembered, or was before.
    /// - Throws: as ``remember(_:_:listedBy:)``.
    @discardableResult
    func keep(_ transaction: String, listedBy nodes: [Int]) async throws -> Bool {
        guard try await known(transaction) == nil else { return true }
        return try await remember(transaction, nil, listedBy: nodes)
    }

    /// Forgets one that has been read, where it was remembered.
    ///
    /// - Throws: `StoreError`.
    func forget(_ transaction: String) async throws {
        guard let known = try await known(transaction) else { return }
        try await store.write(.durable) { try $0.remove(known) }
    }

    /// What is remembered of one.
    func known(_ transaction: String) async throws -> UnreadTransaction? {
        guard let name = ChainText.transaction(transaction) else { return nil }
        let chain = chain
        return try await store.read { try $0.unread(name, on: chain) }
    }

    /// Reads a transaction that witnesses alone list, or remembers it: no failure of it is the look's.
    ///
    /// `outage` is why the first node can not be asked for such transactions at this look, as soon as that is
    /// known: from then on they are remembered unasked.
    ///
    /// - Throws: `StoreError`.
    func follow(
        _ transaction: String,
        listedBy nodes: [Int],
        _ outage: inout RPCFailure?,
        _ read: () async throws(RPCFailure) -> [ObservedDeposit],
    ) async throws -> Followed {
        let failure: RPCFailure
        if let outage {
            failure = outage
        } else {
            do throws(RPCFailure) {
                return .read(try await read())
            } catch {
                if !error.isOfOneThing { outage = error }
                failure = error
            }
        }
        let isKept = try await remember(transaction, failure, listedBy: nodes)
        return isKept ? .remembered : .left
    }
}
