package import Ledger
package import Primitives

/// Books that a ``RunningAudit`` can follow: what is stored, row by row, with one chain.
package protocol AuditedBooks {
    /// The end of the chain as the books remember it.
    var chainEnd: TransferChain { get }

    /// The chain's transfers after `sequence`, in order.
    func links(after sequence: Int64) -> ArraySlice<ChainedTransfer>
    func hold(_ id: InferenceID) -> Hold?
    /// The account's balance; zero for an account that no transfer has touched.
    func balance(of account: AccountID) -> Balance
    /// What the spender has spent and holds; zero for one that never did.
    func spending(of spender: Spender) -> Spending
    /// What the spender was charged on one day, counted from 1970-01-01 in UTC.
    func charged(by spender: Spender, on day: Int64) -> Amount
    func openHoldCount() -> Int
}

/// Which rows of the books were written, some of them more than once.
package struct WrittenRows: Sendable {
    /// A spender on one day.
    package struct SpenderDay: Hashable, Sendable {
        package let spender: Spender
        package let day: Int64

        package init(spender: Spender, day: Int64) {
            self.spender = spender
            self.day = day
        }
    }

    package var accounts: [AccountID] = []
    package var holds: [InferenceID] = []
    package var spenders: [Spender] = []
    package var days: [SpenderDay] = []

    package init() {}
}
