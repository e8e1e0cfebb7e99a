import Hummingbird

extension GatewayServices {
    /// The machine-readable description of this gateway (L5-80), cacheable where its URLs are those of
    /// the settings, and not of whoever asks.
    func addDiscoveryRoute(to router: Router<GatewayContext>) {
        router.get("/.well-known/agent-service.json") { request, _ in
            let service = AgentService(publicURL(of: request), upstreams.keys)
            var response = try Response(json: service)
            if settings.publicURL != nil {
                response.headers[.cacheControl] = "public, max-age=3600"
            }
            return response
        }
    }
}

private struct AgentService: Encodable {
    struct Step: Encodable {
        let method: String
        let url: String
        let authRequired: Bool
    }

    let schemaVersion = "1.0"
    let name = "Farebox"
    let description = "A prepaid billing gateway between AI agents and model providers."
    let url: String
    let category = "infrastructure"
    let capabilities = ["llm-proxy", "token-billing", "balance-tracking", "streaming"]
    let auth = [
        "type": "token-in-path",
        "description": "The key in the path, as Authorization: Bearer, or as x-api-key.",
    ]
    let onboarding: [String: Step]
    let endpoints: [String: String]
    let sdkConfig: [String: [String: String]]
    let currencies = ["USD", "USDC"]
    let supportedProviders: [String]

    init(_ url: String, _ providers: some Sequence<String>) {
        self.url = url
        let proxy = "\(url)/proxy/{api_token}"
        onboarding = [
            "register": Step(method: "POST", url: "\(url)/v1/register", authRequired: false)
        ]
        endpoints = [
            "health": "\(url)/health", "pricing": "\(url)/v1/pricing",
            "register": "\(url)/v1/register", "balance": "\(proxy)/balance",
            "transactions": "\(proxy)/transactions", "anthropic_proxy": "\(proxy)/v1/messages",
            "openai_proxy": "\(proxy)/v1/chat/completions",
        ]
        sdkConfig = [
            "anthropic": ["base_url": proxy, "api_key": "farebox"],
            "openai": ["base_url": "\(proxy)/v1", "api_key": "farebox"],
        ]
        supportedProviders = providers.sorted()
    }
}
