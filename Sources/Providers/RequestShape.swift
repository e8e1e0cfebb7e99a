/// What a request asks for, as far as money needs to know.
package struct RequestShape: Hashable, Sendable {
    /// All bytes of the body but the data of pictures: at least as many as what the provider will
    /// tokenise has in UTF-8.
    ///
    /// A byte-level tokeniser never makes more tokens than bytes.
    package var textBytes = 0
    /// UTF-8 bytes of what the provider probably tokenises: the texts, unescaped, and the tools and
    /// other JSON without white space; fields that are no input, and pictures, are not among them.
    package var contentBytes = 0
    package var messages = 0
    package var images = 0
    /// Tools that the provider describes to the model in its own words.
    package var providerTools = 0
    package var hasTools = false
    /// The output limit, per choice; `nil` where none is named.
    package var outputLimit: Int64?
    package var thinkingBudget: Int64 = 0
    package var choices: Int64 = 1
    /// Web searches that the request allows the provider to run.
    package var webSearches: Int64 = 0
    /// Whether the agent asked for the usage chunk of a stream itself.
    package var wantsUsageChunk = false

    /// Tokens that a message's role and framing become, at most.
    static let tokensPerMessage = 16
    /// Tokens that a message's role and framing become, probably.
    static let likelyTokensPerMessage = 4
    /// Tokens that a request's own framing becomes, at most.
    static let tokensPerRequest = 64
    /// Tokens that a provider adds to explain the use of tools, at most.
    static let tokensForTools = 1024

    /// An upper bound on the tokens of input, without pictures and searches.
    package var inputBound: Int64 {
        Int64(
            textBytes + messages * RequestShape.tokensPerMessage + RequestShape.tokensPerRequest
                + (hasTools ? RequestShape.tokensForTools : 0)
                + providerTools * RequestShape.tokensForTools
        )
    }

    /// The likely tokens of input, without pictures and searches.
    package func inputEstimate(bytesPerToken: Int64) -> Int64 {
        (Int64(contentBytes) + bytesPerToken - 1) / bytesPerToken
            + Int64(messages * RequestShape.likelyTokensPerMessage)
    }
}
