import GatewayTestKit
import Ledger
import Metering
import Pricing
import Primitives
import Receipts

extension AnyStore {
    func publishSample(_ version: String = "sample-1") async throws {
        let card = try RateCardDraft.sample(version).published()
        try await write(.durable) { try $0.publishOnce(card, at: .second(0)) }
    }

    /// Places a hold, captures what `usage` costs and writes the receipt.
    @discardableResult
    func settle(
        _ id: InferenceID,
        of customer: CustomerID,
        _ amount: Amount,
        _ usage: Usage,
        at now: Timestamp = .second(1),
    ) async throws -> Receipt {
        let hold = try await place(id, of: customer, amount)
        let sample = try SampleSettlement(hold, usage, at: now)
        return try await write(.durable) { transaction in
            _ = try transaction.captureHold(id, sample.settlement, at: now)
            try transaction.append(sample.receipt)
            return sample.receipt
        }
    }
}
