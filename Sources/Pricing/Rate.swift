package import Metering
package import Primitives

/// The price of one model in one rate card version.
package struct Rate: Hashable, Sendable, Codable {
    /// How much a model takes in and gives out.
    package struct Limits: Hashable, Sendable, Codable {
        /// Tokens of input and output together.
        package let context: Int64
        /// Tokens of output at most.
        package let maxOutput: Int64

        package init(context: Int64, maxOutput: Int64) {
            self.context = context
            self.maxOutput = maxOutput
        }

        enum CodingKeys: String, CodingKey {
            case context
            case maxOutput = "max_output"
        }
    }

    /// Prices that replace the standard ones, for the whole request, above so many input tokens.
    package struct Tier: Hashable, Sendable, Codable {
        package let above: Int64
        package let prices: PriceTable

        package init(above: Int64, prices: PriceTable) {
            self.above = above
            self.prices = prices
        }
    }

    /// The canonical id, `provider/model`.
    package let model: String
    /// Other names under which the model may be asked for.
    package let aliases: [String]
    /// The name of the upstream that serves it.
    package let upstream: String
    /// The model's name at that upstream.
    package let upstreamModel: String
    /// What the model is for, in the card's own word, such as `reasoning`; `nil` where it says none.
    package let category: String?
    package let limits: Limits
    /// The most tokens that one image can become; `nil` where images are refused.
    package let imageTokens: Int64?
    /// How many bytes of text make a token in an estimate.
    package let bytesPerToken: Int64
    /// Markup on the provider's cost, in basis points, already folded into the prices.
    package let markupBasisPoints: Int64
    /// Whether web searches are priced, so that requests may ask for them.
    package let allowsWebSearch: Bool
    package let standard: PriceTable
    /// In ascending order of `above`.
    package let tiers: [Tier]

    /// The prices for a request of so many input tokens.
    package func prices(inputTokens: Int64) -> PriceTable {
        tiers.last { inputTokens > $0.above }?.prices ?? standard
    }

    /// The price of `usage`, in micro-USD.
    package func price(of usage: Usage) -> Amount {
        prices(inputTokens: usage.inputTokens).price(of: usage)
    }

    /// Our cost of `usage`, in micro-USD; never above its price.
    package func cost(of usage: Usage) -> Amount {
        prices(inputTokens: usage.inputTokens).cost(of: usage)
    }

    enum CodingKeys: String, CodingKey {
        case model, aliases, upstream, category, limits, standard, tiers
        case upstreamModel = "upstream_model"
        case imageTokens = "image_tokens"
        case bytesPerToken = "bytes_per_token"
        case markupBasisPoints = "markup_bps"
        case allowsWebSearch = "web_search"
    }
}
