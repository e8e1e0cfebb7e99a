package import Pricing
package import Providers

extension Demand {
    /// What a request can consume of a model.
    ///
    /// - Throws: ``GatewayError/imagesNotPriced``, ``GatewayError/searchesNotPriced``.
    package init(_ shape: RequestShape, of rate: Rate) throws(GatewayError) {
        if shape.webSearches > 0, !rate.allowsWebSearch { throw .searchesNotPriced }
        var pictures: Int64 = 0
        if shape.images > 0 {
            guard let tokens = rate.imageTokens else { throw .imagesNotPriced }
            pictures = tokens * Int64(shape.images)
        }
        // Each search is followed by another turn of the model over what was found, which fills
        // its context at most.
        let searched = shape.webSearches > 0 ? (shape.webSearches + 1) * rate.limits.context : 0
        self.init(
            inputBound: max(shape.inputBound + pictures, searched),
            inputEstimate: shape.inputEstimate(bytesPerToken: rate.bytesPerToken) + pictures,
            outputLimit: shape.outputLimit,
            thinkingBudget: shape.thinkingBudget,
            choices: shape.choices,
            webSearches: shape.webSearches,
        )
    }
}
