package import Metering
import Primitives

/// A rate card as it is written in a file, before it is checked and published.
///
/// All prices are micro-USD per 1,000,000 units.
package struct RateCardDraft: Hashable, Sendable, Codable {
    /// One model's row.
    package struct Row: Hashable, Sendable, Codable {
        package var model: String
        package var aliases: [String]?
        package var upstream: String
        package var upstreamModel: String?
        package var category: String?
        package var limits: Rate.Limits
        package var imageTokens: Int64?
        package var bytesPerToken: Int64?
        package var markupBasisPoints: Int64?
        package var cost: [UsageClass: Int64]
        /// Prices that a source document fixes; the rest is the cost plus the markup.
        package var price: [UsageClass: Int64]?
        package var tiers: [Tier]?

        /// The keys of a row as they are written.
        package static var keys: Set<String> { Set(CodingKeys.allCases.map(\.rawValue)) }

        enum CodingKeys: String, CodingKey, CaseIterable {
            case model, aliases, upstream, category, limits, cost, price, tiers
            case upstreamModel = "upstream_model"
            case imageTokens = "image_tokens"
            case bytesPerToken = "bytes_per_token"
            case markupBasisPoints = "markup_bps"
        }
    }

    /// A long-context tier of a row.
    package struct Tier: Hashable, Sendable, Codable {
        package var above: Int64
        package var cost: [UsageClass: Int64]
        package var price: [UsageClass: Int64]?

        enum CodingKeys: String, CodingKey, CaseIterable {
            case above, cost, price
        }
    }

    package var version: String
    package var source: String
    /// Markup of the rows that state none, in basis points.
    package var markupBasisPoints: Int64
    package var rates: [Row]

    enum CodingKeys: String, CodingKey, CaseIterable {
        case version, source, rates
        case markupBasisPoints = "markup_bps"
    }
}
