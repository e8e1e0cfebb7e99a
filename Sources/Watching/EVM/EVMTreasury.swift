package import ChainFormats
package import Primitives

/// Where deposits arrive on one EVM chain.
package struct EVMTreasury: Hashable, Sendable {
    /// The rail's name in the books.
    package let chain: String
    /// The number that the chain's nodes have to say is theirs.
    package let chainID: UInt64
    /// The operator's address.
    package let address: EVMAddress
    /// The tokens that are taken, and what they are in the books: all have six decimals.
    package let tokens: [EVMAddress: Asset]

    package init(
        chain: String,
        chainID: UInt64,
        address: EVMAddress,
        tokens: [EVMAddress: Asset],
    ) {
        self.chain = chain
        self.chainID = chainID
        self.address = address
        self.tokens = tokens
    }
}
