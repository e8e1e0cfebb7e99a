package import Primitives

/// A transaction that may hold a deposit and could not be read yet.
///
/// Its source is read on behind it, so it is remembered until it has been read.
package struct UnreadTransaction: Hashable, Sendable {
    package let chain: String
    /// Its hash or signature, as it is kept.
    package let transaction: String
    /// When it was met first.
    package let since: Timestamp
    /// The code of the failure that it ended with last.
    package var reason: String
    /// Whether the operator was told of it.
    package var isTold: Bool

    /// - Returns: `nil` for what names no chain, or no transaction.
    package init?(
        chain: String,
        transaction: String,
        since: Timestamp,
        reason: String,
        isTold: Bool = false,
    ) {
        guard DepositID.isChain(chain), let transaction = ChainText.transaction(transaction)
        else { return nil }
        self.chain = chain
        self.transaction = transaction
        self.since = since
        self.reason = reason
        self.isTold = isTold
    }
}
