import Deposits
import FoundationEssentials
import Hummingbird
import Ledger
import Metering
import Pricing
import Primitives
import Watching

/// Which generation of Level5 an answer is for, where they differ; there is one account beneath both.
package enum Level5View: String, CaseIterable, Sendable {
    /// Prices are for 1,000 tokens, balances by mint.
    case perThousand = "0.4"
    case perMillion = "1.6"
}

extension GatewayServices {
    /// The view that the query names, else the operator's.
    ///
    /// - Throws: ``GatewayError/invalidParameter(_:)``.
    func view(of request: Request) throws(GatewayError) -> Level5View {
        guard let name = request.uri.queryParameters["view"] else { return settings.level5 }
        guard let view = Level5View(rawValue: String(name)) else {
            throw .invalidParameter("view")
        }
        return view
    }
}

/// The price list of 0.4 (L5-2): micro-USD for 1,000 tokens.
struct PricesPerThousand: Encodable {
    struct Row: Encodable {
        let input: Decimal
        let output: Decimal

        init(_ rate: Rate) {
            let price = rate.standard.price
            input = Decimal(price[.input] ?? 0) / 1000
            output = Decimal(price[.output] ?? 0) / 1000
        }
    }

    let pricing: [String: Row]
    let currency = "USDC"
    let denomination = "smallest units (6 decimals, 1 USDC = 1_000_000)"
    let billing = "USDC-first, SOL fallback at exchange rate"

    init(_ card: RateCard) {
        // By the names that a request may use, the provider's own among them.
        let rows = card.rates.flatMap { rate in
            Set([rate.model, rate.upstreamModel]).map { ($0, Row(rate)) }
        }
        pricing = Dictionary(rows, uniquingKeysWith: { first, _ in first })
    }
}

/// The balances of 0.4 (L5-6): what is available of each mint, in its smallest unit.
struct BalancesByMint: Encodable {
    /// The customer's id: one account may have several wallets, or none.
    let pubkey: String
    let balances: [String: Int64]

    /// Wrapped SOL's mint, which stands for SOL itself.
    private static let sol = "So11111111111111111111111111111111111111112"

    init(_ customer: CustomerID, _ funds: Funds, _ rails: [DepositRail]) {
        pubkey = customer.description
        // 0.4 knows mints of Solana.
        let coins = (rails.filter(\.isSolana) + rails).flatMap(\.coins)
        let rows = funds.balances.map { part in
            let token = coins.first { $0.asset == part.asset }?.token
            let mint = part.asset == .sol ? BalancesByMint.sol : token ?? part.asset.rawValue
            return (mint, part.balance.available.units)
        }
        balances = Dictionary(rows, uniquingKeysWith: { first, _ in first })
    }
}
