import Deposits

/// What witnesses list and the first node does not.
extension UnreadTransactions {
    /// What came of it.
    enum Followed {
        case read([ObservedDeposit])
        case remembered
        /// It can not be read, and there is no room for it.
        case left
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
