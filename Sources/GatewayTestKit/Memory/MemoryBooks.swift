package import Deposits
package import Identity
package import Ledger
package import Pricing
package import Primitives
package import Receipts
package import Withdrawals

/// Everything that a ``MemoryStore`` holds, as plain values.
package struct MemoryBooks: Sendable {
    package var balances: [AccountID: Balance] = [:]
    package var spendings: [Spender: Spending] = [:]
    /// By spender and day.
    package var dailyCharges: [Spender: [Int64: Amount]] = [:]
    package var holds: [InferenceID: Hold] = [:]
    /// In the order of the chain.
    package var links: [ChainedTransfer] = []
    package var chainEnd = TransferChain.empty
    package var receipts: [InferenceID: Receipt] = [:]
    package var customers: [CustomerID: Customer] = [:]
    package var keys: [KeyID: Key] = [:]
    package var deposits: [DepositID: Deposit] = [:]
    package var depositSteps: [DepositID: [DepositStep]] = [:]
    package var wallets: [Wallet: WalletBinding] = [:]
    package var withdrawals: [WithdrawalID: Withdrawal] = [:]
    package var withdrawalSteps: [WithdrawalID: [WithdrawalStep]] = [:]
    /// Where each source of deposits is read on.
    package var depositCursors: [String: String] = [:]
    /// By chain and name.
    package var unreadTransactions: [String: [String: UnreadTransaction]] = [:]
    package var cards: [String: RateCard] = [:]
    /// The versions in the order in which they were published.
    package var publications: [(version: String, at: Timestamp)] = []
    /// Where each transfer stands in `links`.
    var positions: [TransferID: Int] = [:]

    package init() {}
}
