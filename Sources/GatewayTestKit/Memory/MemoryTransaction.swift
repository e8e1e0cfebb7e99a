package import Ledger
package import Primitives

/// A row of the ledger that can be written again.
package enum LedgerRow: Hashable, Sendable {
    case account(AccountID)
    case hold(InferenceID)
    case spender(Spender)
    /// What a spender was charged on one day, counted from 1970-01-01 in UTC.
    case day(Spender, Int64)
}

/// One transaction on a copy of the books.
package struct MemoryTransaction {
    package private(set) var books: MemoryBooks
    private let mayWrite: Bool
    /// How often something was written so far.
    package private(set) var writeCount = 0
    /// The rows of the ledger that were written so far; one that was written twice is here twice.
    package private(set) var written: [LedgerRow] = []

    /// A transaction on its own, for rules that need no store.
    package init() { self.init(MemoryBooks(), mayWrite: true) }

    package init(_ books: MemoryBooks, mayWrite: Bool) {
        self.books = books
        self.mayWrite = mayWrite
    }

    /// Changes the books, and takes note of the row of the ledger that it was.
    mutating func write(
        _ row: LedgerRow? = nil,
        _ change: (inout MemoryBooks) throws -> Void,
    ) rethrows {
        precondition(mayWrite, "a read does not write: ask the store for a write")
        writeCount += 1
        if let row { written.append(row) }
        try change(&books)
    }

    /// The checks that a database makes of each row when it is written.
    func checkRows() throws(RefusedRow) {
        for (account, balance) in books.balances {
            guard account.mayHold(balance) else {
                throw RefusedRow("\(account) may not become \(balance)")
            }
        }
    }
}

extension MemoryTransaction: LedgerTransaction {
    package func balance(of account: AccountID) -> Balance { books.balances[account] ?? .zero }

    package mutating func setBalance(_ balance: Balance, of account: AccountID) {
        write(.account(account)) { $0.balances[account] = balance }
    }

    package func transfer(_ id: TransferID) -> Transfer? {
        books.positions[id].map { books.links[$0].transfer }
    }

    package mutating func append(_ transfer: Transfer) throws {
        try write { books in
            guard books.positions.updateValue(books.links.count, forKey: transfer.id) == nil else {
                throw RefusedRow("transfer \(transfer.id) exists")
            }
            books.links.append(books.chainEnd.append(transfer))
        }
    }

    package func hold(_ id: InferenceID) -> Hold? { books.holds[id] }

    package mutating func save(_ hold: Hold) {
        write(.hold(hold.id)) { $0.holds[hold.id] = hold }
    }

    package func spending(of spender: Spender) -> Spending { books.spendings[spender] ?? .zero }

    package mutating func setSpending(_ spending: Spending, of spender: Spender) {
        write(.spender(spender)) { $0.spendings[spender] = spending }
    }

    package func charged(by spender: Spender, on day: Int64) -> Amount {
        books.dailyCharges[spender]?[day] ?? .zero
    }

    package mutating func setCharged(_ amount: Amount, by spender: Spender, on day: Int64) {
        write(.day(spender, day)) { $0.dailyCharges[spender, default: [:]][day] = amount }
    }

    package func charged(by spender: Spender, since day: Int64) -> Amount {
        (books.dailyCharges[spender] ?? [:]).filter { $0.key >= day }
            .reduce(.zero) { $0.adding($1.value) ?? Amount(.max) }
    }

    package func openHolds(leasedBefore deadline: Timestamp, limit: Int) -> [Hold] {
        let open = books.holds.values.filter { $0.state == .open && $0.lease < deadline }
        let sorted = open.sorted { ($0.lease, $0.id.sortKey) < ($1.lease, $1.id.sortKey) }
        return Array(sorted.prefix(limit))
    }
}

extension MemoryTransaction: LedgerReading {
    /// The name of the only chain.
    package static let chain = "gateway"

    package func writers() -> [String] {
        books.links.isEmpty && books.chainEnd == .empty ? [] : [MemoryTransaction.chain]
    }

    package func transfers(
        of writer: String,
        after sequence: Int64,
        limit: Int,
    ) -> [ChainedTransfer] {
        guard writer == MemoryTransaction.chain else { return [] }
        return Array(books.links.drop { $0.sequence <= sequence }.prefix(limit))
    }

    package func chain(of writer: String) -> TransferChain {
        writer == MemoryTransaction.chain ? books.chainEnd : .empty
    }

    package func holds(after id: InferenceID?, limit: Int) -> [Hold] {
        books.holds.values.page(after: id, limit: limit, by: \.id)
    }

    package func accounts() -> [(AccountID, Balance)] {
        books.balances.sorted { $0.key.sortKey < $1.key.sortKey }.map { ($0.key, $0.value) }
    }

    package func spendings() -> [(Spender, Spending)] {
        books.spendings.sorted { $0.key.sortKey < $1.key.sortKey }.map { ($0.key, $0.value) }
    }

    package func dailyCharges() -> [DailyCharge] {
        books.dailyCharges.sorted { $0.key.sortKey < $1.key.sortKey }.flatMap { spender, days in
            days.sorted { $0.key < $1.key }
                .map { DailyCharge(spender: spender, day: $0.key, charged: $0.value) }
        }
    }

    package func openHoldCount() -> Int { books.holds.values.count { $0.state == .open } }

    package func totals() -> [AccountTotal] {
        let groups = Dictionary(grouping: accounts()) { account, _ in
            "\(account.description.prefix { $0 != "/" }) \(account.asset.rawValue)"
        }
        return groups.sorted { $0.key < $1.key }.compactMap { name, accounts in
            guard let asset = accounts.first?.0.asset else { return nil }
            return AccountTotal(
                kind: String(name.prefix { $0 != " " }),
                asset: asset,
                accounts: accounts.count,
                balance: accounts.reduce(into: .zero) { $0.add($1.1) },
            )
        }
    }
}

extension Balance {
    fileprivate mutating func add(_ other: Balance) {
        credits = credits.adding(other.credits) ?? Amount(.max)
        debits = debits.adding(other.debits) ?? Amount(.max)
        held = held.adding(other.held) ?? Amount(.max)
    }
}
