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
    /// A line of it.
    ///
    /// Where SOL moved, `originalMint` is `sol` and `originalAmount` says how many lamports.
    struct Row: Encodable {
        let id: String
        let type: String
        /// What moved; a charge in dollars is `usd`, whichever of the dollar assets it was taken from.
        let asset: String
        /// Micro-USD, signed; `nil` for SOL that came or went back, of which no rate is kept.
        @OrNull var usdcAmount: Int64?
        /// In the asset's smallest unit, signed.
        @OrNull var originalAmount: Int64?
        @OrNull var originalMint: String?
        let provider: String?
        let model: String?
        let inputTokens: Int64?
        let outputTokens: Int64?
        let cacheWriteTokens: Int64?
        let cacheReadTokens: Int64?
        let createdAt: String

        /// - Parameters:
        ///   - line: what happened.
        ///   - lamports: what an inference was charged in SOL; `nil` where it was charged in dollars.
        init(_ line: StatementLine, lamports: Amount?) {
            createdAt = line.at.iso8601
            switch line {
            case .credit(let transfer), .debit(let transfer):
                id = transfer.id.description
                type =
                    switch transfer.code {
                    case .grant: "GRANT"
                    case .refund: "REFUND"
                    case .reversal: "REVERSAL"
                    case .withdrawal: "WITHDRAWAL"
                    case .withdrawalReturn: "WITHDRAWAL_RETURN"
                    case .deposit, .assignment, .restoration, .rejection, .cost, .margin,
                        .overrunCost, .overrunMargin, .payment, .networkFee:
                        "DEPOSIT"
                    }
                asset = transfer.asset.rawValue
                let isGone = transfer.code == .reversal || transfer.code == .withdrawal
                let units = isGone ? -transfer.amount.units : transfer.amount.units
                usdcAmount = transfer.asset.isDollar ? units : nil
                originalAmount = transfer.asset.isDollar ? nil : units
                originalMint = transfer.asset.isDollar ? nil : transfer.asset.rawValue
                (provider, model) = (nil, nil)
                (inputTokens, outputTokens, cacheWriteTokens, cacheReadTokens) = (
                    nil, nil, nil, nil,
                )
            case .receipt(let receipt):
                let usage = receipt.reading.usage
                id = receipt.id.description
                type = "DEBIT"
                asset = lamports == nil ? Asset.usd.rawValue : Asset.sol.rawValue
                usdcAmount = -receipt.charge.units
                originalAmount = lamports.map { -$0.units }
                originalMint = lamports.map { _ in Asset.sol.rawValue }
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
