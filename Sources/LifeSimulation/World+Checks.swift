import GatewayTestKit
import Identity
import Ledger
import Primitives
import Receipts

// What must be true at the end of a life.

extension World {
    /// The price of the sample model, worked out apart: 1.1 and 4.4 USD a million, and half as much
    /// again as the cost on the second card; rounded up once.
    private static func price(_ input: Int64, _ output: Int64, _ card: String) -> Int64 {
        let (reading, writing): (Int128, Int128) =
            card == "sample-1" ? (1_100_000, 4_400_000) : (1_500_000, 6_000_000)
        let exact = Int128(input) * reading + Int128(output) * writing
        return Int64((exact + 999_999) / 1_000_000)
    }

    /// What must be true when a life has ended.
    func check(_ life: Life, calls: [String]) throws {
        let (stored, place) = (life.store.books, "life \(life.number)")
        var books = MemoryTransaction(stored, mayWrite: false)
        do {
            let audit = try books.auditLedger()
            var receipts = ReceiptAuditor()
            try receipts.audit(&books)
            if !life.store.isDead, audit.openHoldCount > 0 {
                complain("\(place): \(audit.openHoldCount) holds are open")
            }
            if receipts.receiptCount != audit.capturedHoldCount {
                complain("\(place): a charge without a receipt")
            }
        } catch {
            complain("\(place): \(error)")
        }
        guard !life.store.isDead else { return }
        for seen in seen { checkSeen(seen, stored, place) }
        checkRetries(place)
        checkHeard(stored, place)
        checkCharges(stored, place, calls)
    }

    /// Who asks for the same within one life of the gateway gets the same answer, charged once.
    ///
    /// Where the wall clock was turned, an answer may have been forgotten.
    private func checkRetries(_ place: String) {
        guard turned == .zero else { return }
        var receipts: [String: InferenceID] = [:]
        for seen in seen {
            let plan = plans[seen.agent]
            guard let retry = plan.retryOf else { continue }
            // An SDK's first attempt is a question of its own, whoever has asked before.
            guard !plans.contains(where: { $0.retryOf == retry && $0.attempt == 0 }) else {
                continue
            }
            let name = plan.attempt == nil ? "\(retry)" : plan.body(seen.agent)
            let asked = "\(seen.life) k\(plan.customer)\(plan.key) \(name)"
            if let first = receipts[asked], first != seen.receipt {
                complain("\(place): \(first) and \(seen.receipt) answer the same request")
            }
            receipts[asked] = seen.receipt
        }
    }

    /// What an agent saw finished is charged, by what its upstream reported.
    private func checkSeen(_ seen: Heard, _ books: MemoryBooks, _ place: String) {
        let plan = plans[seen.agent]
        guard let receipt = books.receipts[seen.receipt] else {
            return complain(
                "\(place): agent \(seen.agent) saw the end of \(seen.receipt), which has no receipt"
            )
        }
        guard [.whole, .usageTwice, .hugeUsage].contains(plan.answer), receipt.outcome == .completed
        else { return }
        let price = World.price(
            Int64(plan.inputReported),
            Int64(plan.output),
            receipt.rateCard,
        )
        let hold = receipt.hold.units
        let expected = plan.answer == .hugeUsage ? hold : min(price, hold)
        if receipt.charge.units != expected {
            complain(
                "\(place): \(seen.receipt) charges \(receipt.charge), the oracle says \(expected)"
            )
        }
    }

    private func checkCharges(_ books: MemoryBooks, _ place: String, _ calls: [String]) {
        if books.receipts.count > calls.count {
            complain("\(place): \(books.receipts.count) charges for \(calls.count) calls")
        }
        for customer in 0..<2 {
            let id = CustomerID("c\(customer)")
            let charged = books.receipts.values.filter { $0.customer == id }.reduce(0) {
                $0 + $1.charge.units
            }
            let extra = books.links.map(\.transfer).filter {
                $0.code == .grant && $0.credit.owner == .customer(id)
                    && $0.amount.units == World.extra
            }
            if extra.count > 1 || customer == 0 && extra.isEmpty && isGrantAcknowledged {
                complain("\(place): the grant credits \(extra.count) times")
            }
            let refunded = refunds(books) { $0.customer == id }
            let expected = World.funds + World.extra * Int64(extra.count) - charged + refunded
            let left = World.worth(of: id, books)
            if left != expected {
                complain("\(place): \(id) has \(left), there follows \(expected)")
            }
            let key = KeyID("k\(customer)1")
            let limited = books.receipts.values.filter { $0.key == key }
                .reduce(0) { $0 + $1.charge.units }
            if limited - refunds(books, where: { $0.key == key }) > World.budget {
                complain("\(place): a key of \(id) spent \(limited)")
            }
        }
    }

    private func refunds(_ books: MemoryBooks, where isMeant: (Hold) -> Bool) -> Int64 {
        books.holds.values.filter(isMeant).reduce(0) { $0 + ($1.refunded ?? .zero).units }
    }

    /// What a customer owns, in micro-USD.
    private static func worth(of customer: CustomerID, _ books: MemoryBooks) -> Int64 {
        Asset.allCases.reduce(0) { sum, asset in
            let posted = books.balances[.customer(customer, asset)]?.posted ?? 0
            return sum + (asset == .sol ? posted / lamports : posted)
        }
    }
}
