package import Ledger
import Metering
package import Pricing
import Primitives

/// Recomputes every receipt's charge from its usage and its rate card version, and compares it with
/// what the hold was captured for.
package struct ReceiptAuditor {
    private var cards: [String: [String: Rate]] = [:]
    package private(set) var receiptCount = 0

    package init() {}

    /// Audits all receipts that `transaction` sees.
    ///
    /// - Throws: the first ``AuditDifference``.
    package mutating func audit<Transaction>(
        _ transaction: inout Transaction,
        page: Int = 5_000,
    ) throws where Transaction: LedgerTransaction & ReceiptReading & RateCardTransaction {
        var last: InferenceID?
        while case let receipts = try transaction.receipts(after: last, limit: page),
            !receipts.isEmpty
        {
            for receipt in receipts {
                try AuditDifference.requireOrder(of: receipt.id, after: last)
                last = receipt.id
                try check(receipt, of: try rate(of: receipt, &transaction))
                guard try transaction.hold(receipt.id)?.state == .captured(receipt.charge) else {
                    throw AuditDifference.other(
                        "receipt \(receipt.id): its hold was not captured for it"
                    )
                }
            }
            receiptCount += receipts.count
        }
    }

    private mutating func rate(
        of receipt: Receipt,
        _ transaction: inout some RateCardTransaction,
    ) throws -> Rate {
        if cards[receipt.rateCard] == nil {
            cards[receipt.rateCard] = try transaction.rateCard(receipt.rateCard)?.index()
        }
        guard let rate = cards[receipt.rateCard]?[receipt.model] else {
            throw AuditDifference.other(
                "receipt \(receipt.id): the rate card \(receipt.rateCard) has no \(receipt.model)"
            )
        }
        return rate
    }

    private func check(_ receipt: Receipt, of rate: Rate) throws(AuditDifference) {
        let charge = Charge(of: receipt.reading.usage, at: rate, hold: receipt.hold)
        guard charge.charge == receipt.charge, charge.overrun == receipt.overrun,
            charge.cost == receipt.cost
        else {
            throw .other(
                "receipt \(receipt.id): charges \(receipt.charge), recomputed \(charge.charge)"
            )
        }
    }
}
