package import Identity
import Ledger
import Metering
package import Pricing
package import Primitives
package import Receipts

extension MemoryTransaction: ReceiptTransaction {
    package mutating func append(_ receipt: Receipt) throws {
        try write { books in
            guard books.receipts.updateValue(receipt, forKey: receipt.id) == nil else {
                throw RefusedRow("receipt \(receipt.id) exists")
            }
        }
    }

    package func receipt(_ id: InferenceID) -> Receipt? { books.receipts[id] }

    package func statementLength(of customer: CustomerID) -> Int { lines(of: customer).count }

    package func statement(
        of customer: CustomerID,
        skipping: Int,
        limit: Int,
    ) -> [StatementLine] {
        Array(lines(of: customer).dropFirst(skipping).prefix(limit))
    }

    package func receiptCount() -> Int { books.receipts.count }

    package func usage(of customer: CustomerID, since start: Timestamp) -> [DailyUsage] {
        var sums = DailyUsage.Sums()
        for receipt in books.receipts.values
        where receipt.customer == customer && receipt.settledAt >= start {
            sums.add(
                at: receipt.settledAt,
                receipt.model,
                receipt.reading.usage,
                receipt.charge,
            )
        }
        return sums.all
    }

    package func reversedOfCustomers() -> [Asset: Amount] {
        var reversed: [Asset: Amount] = [:]
        for transfer in books.links.map(\.transfer) where transfer.code == .reversal {
            guard case .customer = transfer.debit.owner else { continue }
            let sum = reversed[transfer.asset, default: .zero].adding(transfer.amount)
            reversed[transfer.asset] = sum ?? Amount(.max)
        }
        return reversed
    }

    /// The newest first; of one moment, the highest id first.
    private func lines(of customer: CustomerID) -> [StatementLine] {
        typealias Placed = (line: StatementLine, key: SortKey)
        let receipts: [Placed] = books.receipts.values.filter { $0.customer == customer }
            .map { (line: .receipt($0), key: $0.id.sortKey) }
        let transfers = books.links.map(\.transfer)
        let credits: [Placed] = transfers.filter { $0.credit.owner == .customer(customer) }
            .map { (line: .credit($0), key: $0.id.sortKey) }
        let debits: [Placed] = transfers.filter { $0.code == .reversal || $0.code == .withdrawal }
            .filter { $0.debit.owner == .customer(customer) }
            .map { (line: .debit($0), key: $0.id.sortKey) }
        return (receipts + credits + debits)
            .sorted { ($0.line.at, $0.key) > ($1.line.at, $1.key) }
            .map(\.line)
    }
}

extension MemoryTransaction: ReceiptReading {
    package func receipts(after id: InferenceID?, limit: Int) -> [Receipt] {
        books.receipts.values.page(after: id, limit: limit, by: \.id)
    }
}

extension MemoryTransaction: IdentityTransaction {
    package func customer(_ id: CustomerID) -> Customer? { books.customers[id] }

    package mutating func insert(_ customer: Customer) throws {
        try write { books in
            guard
                !books.customers.values.contains(where: { $0.depositCode == customer.depositCode }),
                books.customers.updateValue(customer, forKey: customer.id) == nil
            else { throw RefusedRow("customer \(customer.id) exists") }
        }
    }

    package mutating func update(_ customer: Customer) throws {
        try write { books in
            guard books.customers.updateValue(customer, forKey: customer.id) != nil else {
                throw RefusedRow("customer \(customer.id) does not exist")
            }
        }
    }

    package func key(_ id: KeyID) -> Key? { books.keys[id] }

    package mutating func save(_ key: Key) throws {
        try write { books in
            guard books.customers[key.customer] != nil else {
                throw RefusedRow("key \(key.id) is nobody's")
            }
            books.keys[key.id] = key
        }
    }

    package func keys(of customer: CustomerID?) -> [Key] {
        books.keys.values.filter { customer == nil || $0.customer == customer }
            .sorted { $0.id.sortKey < $1.id.sortKey }
    }

    package func identityCounts() -> (customers: Int, keys: Int) {
        (books.customers.count, books.keys.count)
    }
}

extension MemoryTransaction: RateCardTransaction {
    package func currentRateCard() -> RateCard? {
        books.publications.last.flatMap { books.cards[$0.version] }
    }

    package func rateCard(_ version: String) -> RateCard? { books.cards[version] }

    package mutating func publish(_ card: RateCard, at now: Timestamp) {
        write { books in
            books.cards[card.version] = books.cards[card.version] ?? card
            books.publications.append((card.version, now))
        }
    }
}
