package import Deposits
import Identity
package import Primitives

extension MemoryTransaction: DepositTransaction {
    package func deposit(_ id: DepositID) -> Deposit? { books.deposits[id] }

    package mutating func save(_ deposit: Deposit) throws {
        try write { books in
            if let stored = books.deposits[deposit.id], stored.keepsItsAmount {
                guard stored.event.amount == deposit.event.amount,
                    stored.event.asset == deposit.event.asset
                else { throw RefusedRow("deposit \(deposit.id) keeps its amount") }
            }
            books.deposits[deposit.id] = deposit
        }
    }

    package mutating func append(_ step: DepositStep, to id: DepositID) throws {
        try write { books in
            guard books.deposits[id] != nil else { throw RefusedRow("\(id) is no deposit") }
            guard books.depositSteps[id, default: []].allSatisfy({ $0.number != step.number })
            else { throw RefusedRow("step \(step.number) of \(id) exists") }
            books.depositSteps[id, default: []].append(step)
        }
    }

    package func steps(of id: DepositID) -> [DepositStep] {
        (books.depositSteps[id] ?? []).sorted { $0.number < $1.number }
    }

    package func customer(ofDepositCode code: String) -> CustomerID? {
        books.customers.values.first { $0.depositCode.utf8.elementsEqual(code.utf8) }?.id
    }

    package func customer(ofWallet wallet: Wallet) -> CustomerID? {
        books.wallets[wallet]?.customer
    }

    package mutating func insert(_ binding: WalletBinding) throws {
        try write { books in
            guard books.customers[binding.customer] != nil,
                books.wallets.updateValue(binding, forKey: binding.wallet) == nil
            else { throw RefusedRow("wallet \(binding.wallet) stays whose it is") }
        }
    }

    package func isCustomer(_ id: CustomerID) -> Bool { books.customers[id] != nil }
}

extension MemoryTransaction: DepositReading {
    package func deposits(
        in stage: DepositStage?,
        after id: DepositID?,
        limit: Int,
    ) -> [Deposit] {
        let start = SortKey(id?.description ?? "")
        let found = books.deposits.values
            .filter { stage == nil || $0.state.stage == stage }
            .map { (deposit: $0, key: SortKey($0.id)) }
            .filter { start < $0.key }
        return found.sorted { $0.key < $1.key }.prefix(max(0, limit)).map(\.deposit)
    }
}

extension MemoryTransaction: DepositWatchTransaction {
    package func cursor(of source: String) -> String? { books.depositCursors[source] }

    package mutating func setCursor(_ place: String, of source: String) {
        write { $0.depositCursors[source] = place }
    }

    package func deposits(on chain: String, after block: Int64) -> [Deposit] {
        books.deposits.values.filter { deposit in
            deposit.id.chain == chain && (deposit.block?.number ?? .min) > block
        }
    }

    package func deposits(
        on chain: String,
        in stage: DepositStage,
        after id: DepositID?,
        limit: Int,
    ) -> [Deposit] {
        let found = deposits(in: stage, after: id, limit: .max).filter { $0.id.chain == chain }
        return Array(found.prefix(max(0, limit)))
    }

    package func alertCounts(on chain: String) -> [DepositStep.Kind: Int] {
        books.depositSteps.filter { $0.key.chain == chain }.values.joined().filter(\.kind.isAlert)
            .reduce(into: [:]) { counts, step in counts[step.kind, default: 0] += 1 }
    }

    package func unread(_ transaction: String, on chain: String) -> UnreadTransaction? {
        books.unreadTransactions[chain]?[transaction]
    }

    package func unread(
        on chain: String,
        of node: Int,
        after transaction: String?,
        limit: Int,
    ) -> [UnreadTransaction] {
        let start = SortKey(transaction ?? "")
        let found = (books.unreadTransactions[chain] ?? [:]).values
            .filter { $0.node == node }
            .map { (unread: $0, key: SortKey($0.transaction)) }
            .filter { start < $0.key }
        return found.sorted { $0.key < $1.key }.prefix(max(0, limit)).map(\.unread)
    }

    package func unreadCounts(on chain: String) -> [Int: Int] {
        (books.unreadTransactions[chain] ?? [:]).values.reduce(into: [:]) { counts, unread in
            counts[unread.node, default: 0] += 1
        }
    }

    package mutating func save(_ unread: UnreadTransaction) {
        write { $0.unreadTransactions[unread.chain, default: [:]][unread.transaction] = unread }
    }

    package mutating func remove(_ unread: UnreadTransaction) {
        write { $0.unreadTransactions[unread.chain]?[unread.transaction] = nil }
    }
}

extension Deposit {
    /// Whether its money is, or was, in the books.
    fileprivate var keepsItsAmount: Bool {
        switch state {
        case .seen, .reversed(.seen): false
        case .credited, .suspended, .reversed, .rejected: true
        }
    }
}
