import Ledger
import Metering
import Pricing
import Primitives

extension LedgerTransaction where Self: ReceiptReading & RateCardTransaction {
    /// Recomputes every receipt's charge from its usage and its rate card version, and compares it
    /// with what the hold was captured for.
    ///
    /// - Returns: how many receipts there are.
    /// - Throws: the first ``AuditDifference``.
    package mutating func auditReceipts(page: Int = 5_000) throws -> Int {
        var cards: [String: [String: Rate]] = [:]
        var count = 0
        var last: InferenceID?
        while case let receipts = try receipts(after: last, limit: page), let end = receipts.last {
            for receipt in receipts {
                if cards[receipt.rateCard] == nil {
                    cards[receipt.rateCard] = try rateCard(receipt.rateCard)?.index()
                }
                guard let rate = cards[receipt.rateCard]?[receipt.model] else {
                    throw AuditDifference.other(
                        "receipt \(receipt.id): its rate card \(receipt.rateCard) has no such model"
                    )
                }
                try audit(receipt, rate)
            }
            count += receipts.count
            last = end.id
        }
        return count
    }

    private mutating func audit(_ receipt: Receipt, _ rate: Rate) throws {
        let charge = Charge(of: receipt.reading.usage, at: rate, hold: receipt.hold)
        guard charge.charge == receipt.charge, charge.overrun == receipt.overrun,
            charge.cost == receipt.cost
        else {
            throw AuditDifference.other(
                "receipt \(receipt.id): charges \(receipt.charge), recomputed \(charge.charge)"
            )
        }
        guard let hold = try hold(receipt.id), hold.state == .captured(receipt.charge) else {
            throw AuditDifference.other("receipt \(receipt.id): its hold was not captured for it")
        }
    }
}
