import Deposits
package import Ledger
package import Primitives
import Withdrawals

/// The books as plain values: as fast as a store can be, and copied in an instant.
package struct LeanBooks: Sendable {
    /// Every account that somebody asked for, and where its balance stands.
    private var places: [AccountID: Int] = [:]
    private var balances: [(account: AccountID, balance: Balance)] = []
    private var transferIDs: [TransferID: Int] = [:]
    private var links: [ChainedTransfer] = []
    package private(set) var chainEnd = TransferChain.empty
    private var allHolds: [InferenceID: Hold] = [:]
    private var open: Set<InferenceID> = []
    private var spending: [Spender: Spending] = [:]
    private var daily: [Spender: [Int64: Amount]] = [:]
    var deposits: [DepositID: Deposit] = [:]
    var depositSteps: [DepositID: [DepositStep]] = [:]
    var wallets: [Wallet: CustomerID] = [:]
    var withdrawals: [WithdrawalID: Withdrawal] = [:]
    var withdrawalSteps: [WithdrawalID: [WithdrawalStep]] = [:]
    /// Who may own a deposit.
    let customers: [CustomerID]
    /// What was written since it was last asked; `nil` where nobody asks.
    private var written: WrittenRows?

    package init(customers: [CustomerID] = []) { self.customers = customers }

    package var transferCount: Int { links.count }

    /// Where the account's balance stands for good, for those who look at it again and again.
    mutating func place(of account: AccountID) -> Int {
        if let place = places[account] { return place }
        places[account] = balances.count
        balances.append((account, .zero))
        return balances.count - 1
    }

    func balance(at place: Int) -> Balance { balances[place].balance }

    /// What all customers have, by asset.
    var customersHave: [Int128] {
        var sums = [Int128](repeating: 0, count: Asset.allCases.count)
        for (account, balance) in balances {
            guard case .customer = account.owner else { continue }
            sums[account.asset.index] += Int128(balance.posted)
        }
        return sums
    }

    /// What was written since this was last called; the first call begins to count.
    mutating func takeWritten() -> WrittenRows {
        defer { written = WrittenRows() }
        return written ?? WrittenRows()
    }
}

extension LeanBooks: AuditedBooks {
    package func links(after sequence: Int64) -> ArraySlice<ChainedTransfer> {
        links[min(Int(sequence), links.count)...]
    }
}

extension LeanBooks: LedgerTransaction {
    package func balance(of account: AccountID) -> Balance {
        places[account].map { balances[$0].balance } ?? .zero
    }

    package mutating func setBalance(_ balance: Balance, of account: AccountID) {
        let place = place(of: account)
        balances[place].balance = balance
        written?.accounts.append(account)
    }

    package func transfer(_ id: TransferID) -> Transfer? {
        transferIDs[id].map { links[$0].transfer }
    }

    package mutating func append(_ transfer: Transfer) {
        transferIDs[transfer.id] = links.count
        links.append(chainEnd.append(transfer))
    }

    package func hold(_ id: InferenceID) -> Hold? { allHolds[id] }

    package mutating func save(_ hold: Hold) {
        allHolds[hold.id] = hold
        if hold.state == .open { open.insert(hold.id) } else { open.remove(hold.id) }
        written?.holds.append(hold.id)
    }

    package func spending(of spender: Spender) -> Spending { spending[spender] ?? .zero }

    package mutating func setSpending(_ spending: Spending, of spender: Spender) {
        self.spending[spender] = spending
        written?.spenders.append(spender)
    }

    package func charged(by spender: Spender, on day: Int64) -> Amount {
        daily[spender]?[day] ?? .zero
    }

    package mutating func setCharged(_ amount: Amount, by spender: Spender, on day: Int64) {
        daily[spender, default: [:]][day] = amount
        written?.days.append(WrittenRows.SpenderDay(spender: spender, day: day))
    }

    package func charged(by spender: Spender, since day: Int64) -> Amount {
        var sum = Amount.zero
        for (other, charge) in daily[spender] ?? [:] where other >= day {
            sum = sum.adding(charge) ?? Amount(.max)
        }
        return sum
    }

    package func openHolds(leasedBefore deadline: Timestamp, limit: Int) -> [Hold] {
        let due = open.compactMap { allHolds[$0] }.filter { $0.lease < deadline }
        let sorted = due.sorted {
            ($0.lease, $0.id.description) < ($1.lease, $1.id.description)
        }
        return Array(sorted.prefix(limit))
    }
}

extension LeanBooks: LedgerReading {
    package func writers() -> [String] { links.isEmpty ? [] : ["gateway"] }

    package func transfers(
        of writer: String,
        after sequence: Int64,
        limit: Int,
    ) -> [ChainedTransfer] {
        Array(links[min(Int(sequence), links.count)...].prefix(limit))
    }

    package func chain(of writer: String) -> TransferChain { chainEnd }

    package func holds(after id: InferenceID?, limit: Int) -> [Hold] {
        guard id == nil else { return [] }
        return allHolds.values.sorted { $0.id.description < $1.id.description }
    }

    package func accounts() -> [(AccountID, Balance)] {
        balances.lazy.filter { $0.balance != .zero }.map { ($0.account, $0.balance) }
    }

    package func totals() -> [AccountTotal] {
        accounts().map { account, balance in
            AccountTotal(kind: "\(account)", asset: account.asset, accounts: 1, balance: balance)
        }
    }

    package func openHoldCount() -> Int { open.count }

    package func spendings() -> [(Spender, Spending)] { spending.map { ($0.key, $0.value) } }

    package func dailyCharges() -> [DailyCharge] {
        daily.flatMap { spender, days in
            days.map { DailyCharge(spender: spender, day: $0.key, charged: $0.value) }
        }
    }
}
