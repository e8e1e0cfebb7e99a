/// What the watching of one Solana network is told by the operator.
package struct SolanaWatching: Hashable, Sendable {
    package var treasury: SolanaTreasury
    /// What names the network; `nil` takes any.
    package var genesis: String?
    /// How many slots after it was seen last a transaction is given up that never became final: more
    /// than its blockhash lives.
    package var slotsUntilLost: Int64 = 300
    /// How many slots before its last final transaction a history is listed again; some ten minutes.
    ///
    /// A list may leave out at first what it has later.
    package var slotsAgain: Int64 = 1500
    /// How many transactions of each witness's list are asked for at a look that can not be read, and that there
    /// is no room for.
    package var hintsAgain = 20

    package init(_ treasury: SolanaTreasury, genesis: String?) {
        self.treasury = treasury
        self.genesis = genesis
    }
}
