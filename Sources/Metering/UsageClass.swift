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

    /// Its place in a ``PerUsageClass``.
    fileprivate var place: Int {
        switch self {
        case .input: 0
        case .cacheRead: 1
        case .cacheWrite5m: 2
        case .cacheWrite1h: 3
        case .audioInput: 4
        case .output: 5
        case .reasoning: 6
        case .audioOutput: 7
        case .image: 8
        case .webSearch: 9
        case .request: 10
        }
    }

    /// The tokens that a model reads.
    package static let inputTokens: [UsageClass] = [
        .input, .cacheRead, .cacheWrite5m, .cacheWrite1h, .audioInput,
    ]

    /// The tokens that a model writes.
    package static let outputTokens: [UsageClass] = [.output, .reasoning, .audioOutput]
}

/// A number for each class, in place: what is counted and priced with every piece of a stream is
/// looked up without a hash.
package struct PerUsageClass: Sendable {
    private var numbers = InlineArray<11, Int64>(repeating: 0)

    package init(_ numbers: [UsageClass: Int64] = [:]) {
        for (kind, number) in numbers { self[kind] = number }
    }

    package subscript(kind: UsageClass) -> Int64 {
        get { numbers[kind.place] }
        set { numbers[kind.place] = newValue }
    }

    /// Those that are not zero.
    package var dictionary: [UsageClass: Int64] {
        var dictionary: [UsageClass: Int64] = [:]
        for kind in UsageClass.allCases where self[kind] != 0 { dictionary[kind] = self[kind] }
        return dictionary
    }
}

extension PerUsageClass: Hashable {
    package static func == (one: PerUsageClass, other: PerUsageClass) -> Bool {
        one.numbers.indices.allSatisfy { one.numbers[$0] == other.numbers[$0] }
    }

    package func hash(into hasher: inout Hasher) {
        for index in numbers.indices { hasher.combine(numbers[index]) }
    }
}
