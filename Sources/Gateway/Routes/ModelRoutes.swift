import Forwarding
import HTTPTypes
import Hummingbird
import Identity
import Pricing
import Primitives
import Providers

extension GatewayServices {
    /// The lists of models: OpenAI's shape, or Anthropic's where `anthropic-version` is sent.
    func addModelRoutes(to router: Router<GatewayContext>) {
        for prefix in ["/v1", "/proxy/:token/v1", "/proxy/:token"] {
            router.get("\(prefix)/models") { request, context in
                let key = try await authenticate(request, context)
                return try models(request, key)
            }
            // Canonical ids have a slash in them: `provider/model`.
            router.get("\(prefix)/models/**") { request, context in
                let key = try await authenticate(request, context)
                return try model(request, context, key)
            }
        }
    }

    /// The rates that the key may use, whose upstream is configured and speaks the dialect of the
    /// list: no other is served in it.
    private func served(_ request: Request, _ key: Key) -> [Rate] {
        let dialect: Dialect = request.headers[.anthropicVersion] == nil ? .openai : .anthropic
        return (rates.card?.rates ?? []).filter { rate in
            upstreams[rate.upstream]?.dialect == dialect && key.settings.allows(rate, in: rates)
        }
    }

    private func models(_ request: Request, _ key: Key) throws -> Response {
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
        _ key: Key,
    ) throws -> Response {
        let name = context.parameters.getCatchAll().joined(separator: "/")
        let rate = try rates.rate(of: name).rate
        guard served(request, key).contains(rate) else { throw GatewayError.modelNotFound }
        return request.headers[.anthropicVersion] == nil
            ? try Response(json: OpenAIModel(rate)) : try Response(json: AnthropicModel(rate))
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
    let pricing: PriceList

    init(_ rate: Rate) {
        id = rate.model
        ownedBy = rate.upstream
        contextWindow = rate.limits.context
        maxOutputTokens = rate.limits.maxOutput
        pricing = PriceList(rate)
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
