import Metering
import Primitives

// A member that is misspelt is refused, not passed over: it would leave a price unset.

extension RateCardDraft {
    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        version = try fields.decode(String.self, forKey: .version)
        source = try fields.decode(String.self, forKey: .source)
        markupBasisPoints = try fields.decode(Int64.self, forKey: .markupBasisPoints)
        rates = try fields.decode([Row].self, forKey: .rates)
        try decoder.refuseUnknown(CodingKeys.self)
    }
}

extension RateCardDraft.Row {
    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        model = try fields.decode(String.self, forKey: .model)
        aliases = try fields.decodeIfPresent([String].self, forKey: .aliases)
        upstream = try fields.decode(String.self, forKey: .upstream)
        upstreamModel = try fields.decodeIfPresent(String.self, forKey: .upstreamModel)
        category = try fields.decodeIfPresent(String.self, forKey: .category)
        limits = try fields.decode(Rate.Limits.self, forKey: .limits)
        imageTokens = try fields.decodeIfPresent(Int64.self, forKey: .imageTokens)
        bytesPerToken = try fields.decodeIfPresent(Int64.self, forKey: .bytesPerToken)
        markupBasisPoints = try fields.decodeIfPresent(Int64.self, forKey: .markupBasisPoints)
        cost = try fields.decode([UsageClass: Int64].self, forKey: .cost)
        price = try fields.decodeIfPresent([UsageClass: Int64].self, forKey: .price)
        tiers = try fields.decodeIfPresent([RateCardDraft.Tier].self, forKey: .tiers)
        try decoder.refuseUnknown(CodingKeys.self)
    }
}

extension RateCardDraft.Tier {
    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        above = try fields.decode(Int64.self, forKey: .above)
        cost = try fields.decode([UsageClass: Int64].self, forKey: .cost)
        price = try fields.decodeIfPresent([UsageClass: Int64].self, forKey: .price)
        try decoder.refuseUnknown(CodingKeys.self)
    }
}
