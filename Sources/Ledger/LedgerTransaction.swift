package import Primitives

/// The ledger's slice of a store's transaction.
package protocol LedgerTransaction {
    /// The account's balance; zero for an account that no transfer has touched.
    mutating func balance(of account: AccountID) throws -> Balance
    mutating func setBalance(_ balance: Balance, of account: AccountID) throws
    mutating func transfer(_ id: TransferID) throws -> Transfer?
    /// Adds a transfer to the end of the writer's chain.
    mutating func append(_ transfer: Transfer) throws
    mutating func hold(_ id: InferenceID) throws -> Hold?
    mutating func save(_ hold: Hold) throws
    /// What the spender has spent and holds; zero for one that never did.
    mutating func spending(of spender: Spender) throws -> Spending
    mutating func setSpending(_ spending: Spending, of spender: Spender) throws
    /// What the spender was charged on one day, counted from 1970-01-01 in UTC.
    mutating func charged(by spender: Spender, on day: Int64) throws -> Amount
    mutating func setCharged(_ amount: Amount, by spender: Spender, on day: Int64) throws
    /// What the spender was charged on that day and all later ones.
    mutating func charged(by spender: Spender, since day: Int64) throws -> Amount
    /// The open holds whose lease ended before `deadline`, at most `limit`, oldest lease first.
    mutating func openHolds(leasedBefore deadline: Timestamp, limit: Int) throws -> [Hold]
}

/// What the auditor and the operator's figures read, a page at a time.
package protocol LedgerReading {
    /// The writers that have a chain.
    mutating func writers() throws -> [String]
    /// A writer's transfers after `sequence`, in order, at most `limit`.
    mutating func transfers(
        of writer: String,
        after sequence: Int64,
        limit: Int,
    ) throws -> [ChainedTransfer]
    /// The end of the writer's chain as the store remembers it.
    mutating func chain(of writer: String) throws -> TransferChain
    /// All holds after `id` in id order, at most `limit`.
    mutating func holds(after id: InferenceID?, limit: Int) throws -> [Hold]
    /// All accounts with their stored balances, in the order of their names.
    mutating func accounts() throws -> [(AccountID, Balance)]
    /// All spenders with what is stored of their spending, in the order of their names.
    mutating func spendings() throws -> [(Spender, Spending)]
    /// All charges by spender and day.
    mutating func dailyCharges() throws -> [DailyCharge]
    /// The accounts summed by kind and asset; customers are one kind.
    mutating func totals() throws -> [AccountTotal]
    mutating func openHoldCount() throws -> Int
}

/// The sum of all accounts of one kind in one asset.
package struct AccountTotal: Hashable, Sendable {
    /// The first word of the accounts' names: `customer`, `custody`, `provider` and so on.
    package let kind: String
    package let asset: Asset
    package let accounts: Int
    package let balance: Balance

    package init(kind: String, asset: Asset, accounts: Int, balance: Balance) {
        self.kind = kind
        self.asset = asset
        self.accounts = accounts
        self.balance = balance
    }
}

/// What a spender was charged on one day, counted from 1970-01-01 in UTC.
package struct DailyCharge: Hashable, Sendable {
    package let spender: Spender
    package let day: Int64
    /// Micro-USD.
    package let charged: Amount

    package init(spender: Spender, day: Int64, charged: Amount) {
        self.spender = spender
        self.day = day
        self.charged = charged
    }
}
