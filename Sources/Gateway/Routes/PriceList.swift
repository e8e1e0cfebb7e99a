import FoundationEssentials
import Hummingbird
import Metering
import Pricing
import Primitives

/// One model's published prices, in micro-USD per 1,000,000 units.
struct PriceList: Encodable {
    let inputPer1m: Int64
    let outputPer1m: Int64
    let cacheWritePer1m: Int64
    let cacheWrite1hPer1m: Int64
    let cacheReadPer1m: Int64
    let reasoningPer1m: Int64
    /// Only where web searches are priced.
    let webSearchPer1m: Int64?
    let markupBps: Int64
    let tiers: [Tier]?

    /// Prices of the whole request above so many input tokens.
    struct Tier: Encodable {
        let aboveInputTokens: Int64
        let inputPer1m: Int64
        let outputPer1m: Int64
        let cacheWritePer1m: Int64
        let cacheReadPer1m: Int64
    }

    enum CodingKeys: String, CodingKey {
        case inputPer1m = "input_per_1m"
        case outputPer1m = "output_per_1m"
        case cacheWritePer1m = "cache_write_per_1m"
        case cacheWrite1hPer1m = "cache_write_1h_per_1m"
        case cacheReadPer1m = "cache_read_per_1m"
        case reasoningPer1m = "reasoning_per_1m"
        case webSearchPer1m = "web_search_per_1m"
        case markupBps = "markup_bps"
        case tiers
    }

    init(_ rate: Rate) {
        let price = rate.standard.price
        inputPer1m = price[.input] ?? 0
        outputPer1m = price[.output] ?? 0
        cacheWritePer1m = price[.cacheWrite5m] ?? 0
        cacheWrite1hPer1m = price[.cacheWrite1h] ?? 0
        cacheReadPer1m = price[.cacheRead] ?? 0
        reasoningPer1m = price[.reasoning] ?? 0
        webSearchPer1m = rate.allowsWebSearch ? price[.webSearch] : nil
        markupBps = rate.markupBasisPoints
        tiers = rate.tiers.isEmpty ? nil : rate.tiers.map(Tier.init)
    }
}

extension PriceList.Tier {
    enum CodingKeys: String, CodingKey {
        case aboveInputTokens = "above_input_tokens"
        case inputPer1m = "input_per_1m"
        case outputPer1m = "output_per_1m"
        case cacheWritePer1m = "cache_write_per_1m"
        case cacheReadPer1m = "cache_read_per_1m"
    }

    init(_ tier: Rate.Tier) {
        aboveInputTokens = tier.above
        inputPer1m = tier.prices.price[.input] ?? 0
        outputPer1m = tier.prices.price[.output] ?? 0
        cacheWritePer1m = tier.prices.price[.cacheWrite5m] ?? 0
        cacheReadPer1m = tier.prices.price[.cacheRead] ?? 0
    }
}

extension GatewayServices {
    /// Level5's price list (L5-65): every price is final, the markup is told beside it.
    func addPricingRoute(to router: Router<GatewayContext>) {
        router.get("/v1/pricing") { request, _ in
            guard let card = rates.card else { throw GatewayError.noRateCard }
            if try view(of: request) == .perThousand {
                return try Response(json: PricesPerThousand(card), keys: .useDefaultKeys)
            }
            let prices = card.rates.map { ($0.model, PriceList($0)) }
            return try Response(
                json: Pricing(
                    pricing: Dictionary(prices, uniquingKeysWith: { first, _ in first }),
                    currency: "USDC",
                    denomination: "microunits (6 decimals, 1 USDC = 1_000_000)",
                    rateCard: card.version,
                )
            )
        }
    }
}

private struct Pricing: Encodable {
    let pricing: [String: PriceList]
    let currency: String
    let denomination: String
    let rateCard: String
}
