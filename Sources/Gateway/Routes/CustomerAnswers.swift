import Ledger
import Metering
import Primitives
import Receipts

struct Registration: Encodable {
    struct Instructions: Encodable {
        let openaiBaseUrl: String
        let anthropicBaseUrl: String
        let funding: String
    }

    let apiToken: String
    let customer: String
    let depositCode: String
    let baseUrl: String
    let status: String
    let instructions: Instructions
}

struct BalanceAnswer: Encodable {
    struct Part: Encodable {
        let posted: Int64
        let held: Int64
        let available: Int64

        init(_ balance: Balance) {
            posted = balance.posted
            held = balance.held.units
            available = balance.available.units
        }
    }

    /// The public half of the key.
    let apiToken: String
    let customer: String
    /// Micro-USD available over all dollar assets.
    let usdcBalance: Int64
    let isActive: Bool
    let status: String
    let balances: [String: Part]
}

struct Statement: Encodable {
    struct Row: Encodable {
        let id: String
        let type: String
        let asset: String?
        /// Signed, in the asset's smallest unit.
        let usdcAmount: Int64
        let provider: String?
        let model: String?
        let inputTokens: Int64?
        let outputTokens: Int64?
        let cacheWriteTokens: Int64?
        let cacheReadTokens: Int64?
        let createdAt: String

        init(_ line: StatementLine) {
            createdAt = line.at.iso8601
            switch line {
            case .credit(let transfer), .reversal(let transfer):
                id = transfer.id.description
                type =
                    switch transfer.code {
                    case .grant: "GRANT"
                    case .refund: "REFUND"
                    case .reversal: "REVERSAL"
                    case .deposit, .assignment, .restoration, .rejection, .cost, .margin,
                        .overrunCost, .overrunMargin:
                        "DEPOSIT"
                    }
                asset = transfer.asset.rawValue
                let units = transfer.amount.units
                usdcAmount = transfer.code == .reversal ? -units : units
                (provider, model) = (nil, nil)
                (inputTokens, outputTokens, cacheWriteTokens, cacheReadTokens) = (
                    nil, nil, nil, nil,
                )
            case .receipt(let receipt):
                let usage = receipt.reading.usage
                id = receipt.id.description
                type = "DEBIT"
                asset = nil
                usdcAmount = -receipt.charge.units
                provider = receipt.upstream
                model = receipt.model
                inputTokens = usage[.input] + usage[.audioInput]
                outputTokens = usage.outputTokens
                cacheWriteTokens = usage[.cacheWrite5m] + usage[.cacheWrite1h]
                cacheReadTokens = usage[.cacheRead]
            }
        }
    }

    let apiToken: String
    let page: Int
    let limit: Int
    let total: Int
    let transactions: [Row]
}

/// What a receipt's owner sees of it; our cost is not among it.
struct ReceiptAnswer: Encodable {
    let id: String
    let model: String
    let requestedModel: String
    let answeredModel: String?
    let provider: String
    let rateCard: String
    let usage: [String: Int64]
    let usageSource: String
    let outcome: String
    let hold: Int64
    let charge: Int64
    let overrun: Int64
    let balanceAfter: Int64
    let createdAt: String
    let settledAt: String

    init(_ receipt: Receipt) {
        id = receipt.id.description
        model = receipt.model
        requestedModel = receipt.requestedModel
        answeredModel = receipt.answeredModel
        provider = receipt.upstream
        rateCard = receipt.rateCard
        let usage = receipt.reading.usage
        let counts = UsageClass.allCases.map { ($0.rawValue, usage[$0]) }.filter { $0.1 > 0 }
        self.usage = Dictionary(counts, uniquingKeysWith: { first, _ in first })
        usageSource = receipt.reading.source.rawValue
        outcome = receipt.outcome.rawValue
        hold = receipt.hold.units
        charge = receipt.charge.units
        overrun = receipt.overrun.units
        balanceAfter = receipt.balanceAfter.units
        createdAt = receipt.startedAt.iso8601
        settledAt = receipt.settledAt.iso8601
    }
}
