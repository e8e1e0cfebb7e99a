package import Primitives

/// A transaction that may hold a deposit and could not be read yet.
///
/// Its source is read on behind it, so it is remembered until it has been read.
package struct UnreadTransaction: Hashable, Sendable {
    package let chain: String
    /// Its hash or signature, as it is kept.
    package let transaction: String
    /// The number in the configuration of the node that lists it: the first one, or a witness.
    package var node: Int
    /// When it was met first.
    package let since: Timestamp
    /// The code of the failure that it ended with last.
    package var reason: String
    /// Whether the operator was told of it.
    package var isTold: Bool
    /// How long the first node has said that it does not have it; `nil` where it said something else last.
    package var absence: Absence?

    /// The number of the node that is asked for everything.
    package static let firstNode = 1

    /// Whether a witness lists it, and the first node does not.
    package var isHint: Bool { node != UnreadTransaction.firstNode }

    /// - Returns: `nil` for what names no chain, no transaction or no node.
    package init?(
        chain: String,
        transaction: String,
        node: Int = UnreadTransaction.firstNode,
        since: Timestamp,
        reason: String,
        isTold: Bool = false,
        absence: Absence? = nil,
    ) {
        guard DepositID.isChain(chain), let transaction = ChainText.transaction(transaction),
            node >= UnreadTransaction.firstNode
        else { return nil }
        self.chain = chain
        self.transaction = transaction
        self.node = node
        self.since = since
        self.reason = reason
        self.isTold = isTold
        self.absence = absence
    }
}
