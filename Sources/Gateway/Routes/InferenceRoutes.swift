import Hummingbird
import Providers

extension GatewayServices {
    /// The routes that are metered, at the root and behind a key in the path, with and without the
    /// inner `/v1`.
    func addInferenceRoutes(to router: Router<GatewayContext>) {
        let openAI = Inference(self, .openai)
        let anthropic = Inference(self, .anthropic)
        let tokenCount = TokenCount(gateway: self)
        for prefix in ["/v1", "/proxy/:token/v1", "/proxy/:token"] {
            router.post("\(prefix)/chat/completions") { try await openAI.answer($0, $1) }
            router.post("\(prefix)/messages") { try await anthropic.answer($0, $1) }
            router.post("\(prefix)/messages/count_tokens") { try await tokenCount.answer($0, $1) }
        }
    }
}
