import Forwarding
import HTTPTypes
import Hummingbird
import Identity
import Metering
import Pricing
import Primitives
import Providers

extension GatewayServices {
    /// The lists of models: OpenAI's shape, or Anthropic's where `anthropic-version` is sent.
    ///
    /// Who shows no credential sees what is served at all, as at paymodel and OpenRouter (PM-2); who shows
    /// a wrong one is refused.
    func addModelRoutes(to router: Router<GatewayContext>) {
        for prefix in ["/v1", "/proxy/:token/v1", "/proxy/:token"] {
            router.get("\(prefix)/models") { request, context in
                let key = try await reader(request, context)
                return try models(request, key)
            }
            // Canonical ids have a slash in them: `provider/model`.
            router.get("\(prefix)/models/**") { request, context in
                let key = try await reader(request, context)
                return try model(request, context, key)
            }
        }
    }

    /// Whose list it is to be; `nil` is nobody's in particular.
    private func reader(_ request: Request, _ context: GatewayContext) async throws -> Key? {
        let isAnonymous =
            context.parameters.get("token") == nil && !presentsCredential(request)
            && request.headers[.xPayer] == nil
        return isAnonymous ? nil : try await authenticate(request, context)
    }

    private func served(_ request: Request, _ key: Key?) -> [Rate] {
        served(in: request.headers[.anthropicVersion] == nil ? .openai : .anthropic, to: key)
    }

    private func models(_ request: Request, _ key: Key?) throws -> Response {
        let served = served(request, key)
        guard request.headers[.anthropicVersion] != nil else {
            return try Response(
                json: OpenAIModelList(object: "list", data: served.map(OpenAIModel.init))
            )
        }
        let models = served.map(AnthropicModel.init)
        return try Response(
            json: AnthropicModelList(
                data: models,
                hasMore: false,
                firstId: models.first?.id,
                lastId: models.last?.id,
            )
        )
    }

    private func model(
        _ request: Request,
        _ context: GatewayContext,
        _ key: Key?,
    ) throws -> Response {
        let name = context.parameters.getCatchAll().joined(separator: "/")
        let rate = try rates.rate(of: name).rate
        guard served(request, key).contains(rate) else { throw GatewayError.modelNotFound() }
        return request.headers[.anthropicVersion] == nil
            ? try Response(json: OpenAIModel(rate)) : try Response(json: AnthropicModel(rate))
    }
}

/// A model's prices, as whole numbers for us and as texts for paymodel's clients (PM-2).
private struct ModelPricing: Encodable {
    let rate: Rate

    init(_ rate: Rate) { self.rate = rate }

    private enum CodingKeys: String, CodingKey {
        case inputPerMillion = "input_per_million"
        case outputPerMillion = "output_per_million"
        case currency, markup
    }

    func encode(to encoder: any Encoder) throws {
        try PriceList(rate).encode(to: encoder)
        var texts = encoder.container(keyedBy: CodingKeys.self)
        let price = rate.standard.price
        try texts.encode(dollars(price[.input] ?? 0), forKey: .inputPerMillion)
        try texts.encode(dollars(price[.output] ?? 0), forKey: .outputPerMillion)
        try texts.encode("USD", forKey: .currency)
        try texts.encode(percent, forKey: .markup)
    }

    /// Four places, or all six where the last two say something.
    private func dollars(_ microdollars: Int64) -> String {
        let text = DecimalText.text(microdollars, decimals: 6)
        return text.hasSuffix("00") ? String(text.dropLast(2)) : text
    }

    private var percent: String {
        let (whole, rest) = rate.markupBasisPoints.quotientAndRemainder(dividingBy: 100)
        return rest == 0
            ? "\(whole)%" : "\(DecimalText.text(rate.markupBasisPoints, decimals: 2))%"
    }
}

/// OpenAI's list: https://platform.openai.com/docs/api-reference/models/list.
private struct OpenAIModelList: Encodable {
    let object: String
    let data: [OpenAIModel]
}

private struct OpenAIModel: Encodable {
    let id: String
    let object = "model"
    let created = 0
    let ownedBy: String
    let contextWindow: Int64
    let maxOutputTokens: Int64
    let pricing: ModelPricing
    // What paymodel's clients read beside (PM-2).
    let permission: [String] = []
    let root: String
    @OrNull var parent: String?
    let maxTokens: Int64
    let category: String?

    init(_ rate: Rate) {
        id = rate.model
        ownedBy = rate.upstream
        contextWindow = rate.limits.context
        maxOutputTokens = rate.limits.maxOutput
        maxTokens = rate.limits.maxOutput
        root = rate.upstreamModel
        category = rate.category
        pricing = ModelPricing(rate)
    }
}

/// Anthropic's list: https://docs.anthropic.com/en/api/models-list.
private struct AnthropicModelList: Encodable {
    let data: [AnthropicModel]
    let hasMore: Bool
    let firstId: String?
    let lastId: String?
}

private struct AnthropicModel: Encodable {
    let type = "model"
    let id: String
    let displayName: String
    let createdAt = "1970-01-01T00:00:00Z"

    init(_ rate: Rate) {
        id = rate.upstreamModel
        displayName = rate.model
    }
}
