package import Deposits
package import Ledger
package import Primitives

/// A chain on which deposits are taken, as payers are told of it.
package struct DepositRail: Hashable, Sendable {
    /// Money that is taken on it.
    package struct Coin: Hashable, Sendable {
        package let asset: Asset
        /// The token's contract or mint; `nil` for the chain's own coin.
        package let token: String?

        package init(_ asset: Asset, token: String?) {
            self.asset = asset
            self.token = token
        }
    }

    /// How payers name the chain, and whose money it is.
    package enum Network: Hashable, Sendable {
        /// Transfers name a customer in a memo where the token takes one (TIP-20); else the sender does,
        /// once its wallet is proven.
        case evm(chainID: UInt64, hasMemos: Bool)
        /// Transfers name a customer by a reference, a memo, or the deposit program's instruction.
        case solana(program: String?)
    }

    /// The rail's name in the books.
    package let chain: String
    package let network: Network
    /// The operator's address.
    package let treasury: String
    package let coins: [Coin]
    /// Whether its money is worth nothing.
    package let isTestnet: Bool
    /// A node that everybody may ask, where one is known; never one of the operator's own.
    package let publicNode: String?

    package init(
        chain: String,
        network: Network,
        treasury: String,
        coins: [Coin],
        isTestnet: Bool,
        publicNode: String? = nil,
    ) {
        self.chain = chain
        self.network = network
        self.treasury = treasury
        self.coins = coins
        self.isTestnet = isTestnet
        self.publicNode = publicNode
    }

    /// Whether it is a network of Solana.
    package var isSolana: Bool {
        if case .solana = network { true } else { false }
    }

    /// Whether it is a wallet of this kind of chain.
    package func hasWallet(_ wallet: Wallet) -> Bool {
        let isEVM = wallet.description.hasPrefix("0x")
        return if case .evm = network { isEVM } else { !isEVM }
    }

    /// Whether it is the EVM chain of this number, as a message for people writes it.
    package func isNumbered(_ text: String) -> Bool {
        if case .evm(let id, _) = network { text == String(id) } else { false }
    }

    /// How the customer with a deposit code pays here, once for each coin.
    ///
    /// `missing` is the micro-USD that it should come to; `nil` leaves the amount to the payer. Without a
    /// rate SOL covers nothing, and is not offered.
    package func offers(
        toCode code: String,
        missing: Amount?,
        solRate: SOLRate?,
    ) -> [DepositOffer] {
        coins.compactMap { coin in
            if coin.asset == .sol, solRate == nil { return nil }
            let amount = missing.map {
                coin.asset == .sol ? solRate?.lamports(covering: $0) ?? .zero : $0
            }
            return DepositOffer(on: self, coin, code: code, amount: amount)
        }
    }
}
