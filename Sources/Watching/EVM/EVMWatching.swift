/// What the watching of one EVM chain is told by the operator.
package struct EVMWatching: Hashable, Sendable {
    package var treasury: EVMTreasury
    package var finality: EVMFinality
    /// The first block that is read, where none was read before; `nil` begins with the last final one.
    package var firstBlock: Int64?
    /// How many blocks are asked for at once; nodes refuse more than they like.
    package var blocksAtOnce: Int64 = 1000
    /// How many blocks below the last final one are looked at again: finality can be a node's lie.
    package var blocksAgain: Int64 = 64
    /// How many nodes have to call a block final, and to say the same of a receipt and its block, the first one
    /// among them.
    package var quorum = 1
    /// How many transactions of each witness's list are looked at that the first node does not list.
    package var hintsAtOnce = 1000
    /// How many transactions of each witness's list are asked for at a look that come to nothing.
    ///
    /// There is no deposit in them, or they can not be read. Further ones are remembered unasked.
    package var hintsAgain = 20

    package init(_ treasury: EVMTreasury, finality: EVMFinality) {
        self.treasury = treasury
        self.finality = finality
    }
}
