package import Ledger
package import Primitives

/// The deposits' slice of a store's transaction.
package protocol DepositTransaction: LedgerTransaction {
    mutating func deposit(_ id: DepositID) throws -> Deposit?
    /// Inserts the deposit, or replaces what is stored under its id.
    mutating func save(_ deposit: Deposit) throws
    /// Adds a step to those of a deposit that is stored.
    mutating func append(_ step: DepositStep, to id: DepositID) throws
    /// The steps of a deposit, in order.
    mutating func steps(of id: DepositID) throws -> [DepositStep]
    /// Whose code it is.
    mutating func customer(ofDepositCode code: String) throws -> CustomerID?
    /// Whose wallet it was proven to be first.
    mutating func customer(ofWallet wallet: Wallet) throws -> CustomerID?
    /// Adds a binding of a wallet that has none.
    mutating func insert(_ binding: WalletBinding) throws
    mutating func isCustomer(_ id: CustomerID) throws -> Bool
}

/// What the auditor and the operator's queue read, a page at a time.
package protocol DepositReading {
    /// All deposits, or those in one stage, after `id` in the order of their ids, at most `limit`.
    mutating func deposits(
        in stage: DepositStage?,
        after id: DepositID?,
        limit: Int,
    ) throws -> [Deposit]
}

/// What watchers need beside: where they read on, what they could not read, and what may yet be taken back.
package protocol DepositWatchTransaction: DepositTransaction, DepositReading {
    /// Where a source is read on: a block's number, a transaction; `nil` where it was never read.
    mutating func cursor(of source: String) throws -> String?
    mutating func setCursor(_ place: String, of source: String) throws
    /// The deposits of a chain that stand in a block after one, in no order.
    mutating func deposits(on chain: String, after block: Int64) throws -> [Deposit]
    /// The deposits of a chain in one stage, after `id` in the order of their ids, at most `limit`.
    mutating func deposits(
        on chain: String,
        in stage: DepositStage,
        after id: DepositID?,
        limit: Int,
    ) throws -> [Deposit]
    /// How many steps of a chain's deposits an operator should hear of at once, by their kind; nothing for one
    /// that there is none of.
    mutating func alertCounts(on chain: String) throws -> [DepositStep.Kind: Int]
    mutating func unread(_ transaction: String, on chain: String) throws -> UnreadTransaction?
    /// The unread transactions that one node of a chain lists, after one in the order of their names, at most
    /// `limit`.
    mutating func unread(
        on chain: String,
        of node: Int,
        after transaction: String?,
        limit: Int,
    ) throws -> [UnreadTransaction]
    /// How many unread transactions a chain has, by the node that lists them; nothing for one that has none.
    mutating func unreadCounts(on chain: String) throws -> [Int: Int]
    /// Inserts it, or replaces what is stored under its name.
    mutating func save(_ unread: UnreadTransaction) throws
    /// It has been read, or is given up; nothing happens where it was not stored.
    mutating func remove(_ unread: UnreadTransaction) throws
}

/// That a wallet is a customer's; it was proven, and it never changes.
package struct WalletBinding: Hashable, Sendable {
    package let wallet: Wallet
    package let customer: CustomerID
    package let at: Timestamp

    package init(wallet: Wallet, customer: CustomerID, at: Timestamp) {
        self.wallet = wallet
        self.customer = customer
        self.at = at
    }
}
