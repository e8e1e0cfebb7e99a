/// A kind of thing that providers count and rate cards price.
///
/// The classes are disjoint: a token is counted in one of them. The raw values are stored and
/// printed.
package enum UsageClass: String, CaseIterable, Hashable, Sendable, Codable, CodingKeyRepresentable {
    /// Fresh input tokens: neither read from a cache nor written to one, not audio.
    case input
    /// Input tokens read from a prompt cache.
    case cacheRead = "cache_read"
    /// Input tokens written to a prompt cache for five minutes, or for the provider's default.
    case cacheWrite5m = "cache_write_5m"
    /// Input tokens written to a prompt cache for one hour.
    case cacheWrite1h = "cache_write_1h"
    case audioInput = "audio_input"
    /// Output tokens that are neither reasoning nor audio.
    case output
    /// Output tokens spent on reasoning.
    case reasoning
    case audioOutput = "audio_output"
    /// Generated images.
    case image
    /// Web searches that the provider ran.
    case webSearch = "web_search"
    /// The inference itself.
    case request

    /// The tokens that a model reads.
    package static let inputTokens: [UsageClass] = [
        .input, .cacheRead, .cacheWrite5m, .cacheWrite1h, .audioInput,
    ]

    /// The tokens that a model writes.
    package static let outputTokens: [UsageClass] = [.output, .reasoning, .audioOutput]
}
