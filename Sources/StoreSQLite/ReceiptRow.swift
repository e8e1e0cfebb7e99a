import Ledger
import Metering
import Primitives
import Receipts

/// How a receipt is written in a row.
enum ReceiptRow {
    static let select = """
        SELECT id, customer, key, requested_model, model, answered_model, upstream, rate_card, usage,
            source, outcome, hold, charge, cost, overrun, balance_after, started_at, settled_at
        FROM receipts
        """

    static let selectOne: StaticString = """
        SELECT id, customer, key, requested_model, model, answered_model, upstream, rate_card, usage,
            source, outcome, hold, charge, cost, overrun, balance_after, started_at, settled_at
        FROM receipts WHERE id = ?
        """

    static let insert: StaticString = """
        INSERT INTO receipts (id, customer, key, requested_model, model, answered_model, upstream,
            rate_card, usage, source, outcome, hold, charge, cost, overrun, balance_after,
            started_at, settled_at, seal)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """

    static func values(of receipt: Receipt) -> [StoredValue] {
        [
            .text(receipt.id.description), .text(receipt.customer.description),
            .text(receipt.key.description), .text(receipt.requestedModel), .text(receipt.model),
            .optional(receipt.answeredModel), .text(receipt.upstream), .text(receipt.rateCard),
            .text(text(of: receipt.reading.usage)), .text(receipt.reading.source.rawValue),
            .text(receipt.outcome.rawValue), .integer(receipt.hold.units),
            .integer(receipt.charge.units), .integer(receipt.cost.units),
            .integer(receipt.overrun.units), .integer(receipt.balanceAfter.units),
            .integer(receipt.startedAt.microseconds), .integer(receipt.settledAt.microseconds),
        ]
    }

    static func receipt(_ columns: inout RowReader) throws(StoreError) -> Receipt {
        Receipt(
            id: InferenceID(try columns.text("id")),
            customer: CustomerID(try columns.text("customer")),
            key: KeyID(try columns.text("key")),
            requestedModel: try columns.text("requested_model"),
            model: try columns.text("model"),
            answeredModel: try columns.optionalText("answered_model"),
            upstream: try columns.text("upstream"),
            rateCard: try columns.text("rate_card"),
            reading: UsageReading(
                usage: try columns.parsed("usage", usage),
                source: try columns.parsed("source", UsageReading.Source.init(rawValue:)),
            ),
            outcome: try columns.parsed("outcome", Receipt.Outcome.init(rawValue:)),
            hold: try columns.amount("hold"),
            charge: try columns.amount("charge"),
            cost: try columns.amount("cost"),
            overrun: try columns.amount("overrun"),
            balanceAfter: try columns.amount("balance_after"),
            startedAt: try columns.timestamp("started_at"),
            settledAt: try columns.timestamp("settled_at"),
        )
    }

    /// The counts in the order of their classes, as `input:90,output:200`.
    private static func text(of usage: Usage) -> String {
        var text = ""
        for kind in UsageClass.allCases where usage[kind] > 0 {
            if !text.isEmpty { text += "," }
            text += kind.rawValue
            text += ":"
            text += String(usage[kind])
        }
        return text
    }

    static func usage(_ text: String) -> Usage? {
        var counts: [UsageClass: Int64] = [:]
        for part in text.split(separator: ",") {
            let fields = part.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count == 2, let kind = UsageClass(rawValue: String(fields[0])),
                let count = DecimalText.units(of: fields[1], decimals: 0), counts[kind] == nil
            else { return nil }
            counts[kind] = count
        }
        return Usage(counts)
    }
}
