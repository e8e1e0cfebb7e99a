import Metering
import Providers

/// The totals that a whole answer states, read off the tree.
struct StatedUsage {
    private let dialect: Dialect
    private let usage: PlainJSON
    /// Whether other places may state a usage as well, so that no one place is the truth.
    private let isElsewhere: Bool

    init(_ dialect: Dialect, _ answer: PlainJSON) {
        self.dialect = dialect
        usage = answer.member("usage") ?? .null
        isElsewhere =
            switch dialect {
            case .openai:
                answer.member("choices").map { "\($0)".contains("\"usage\"") } ?? false
            case .anthropic: answer.member("message")?.member("usage") != nil
            }
    }

    /// Demands that `reading` is what was stated, and an estimate where that is no report.
    func check(_ reading: UsageReading) throws(BrokenProperty) {
        guard !isElsewhere else { return }
        let isReported = reading.source == .reported
        let mayBeEstimate = !mustBeReport || isRefuted(by: reading)
        try demand(isReported ? mayBeReport : mayBeEstimate, "\(usage) is \(reading)")
        guard isReported else { return }
        switch dialect {
        case .openai: try checkOpenAI(reading.usage)
        case .anthropic: try checkAnthropic(reading.usage)
        }
    }

    private func checkOpenAI(_ read: Usage) throws(BrokenProperty) {
        let details = usage.member("completion_tokens_details")
        let (output, reasoning) = (count("completion_tokens"), count("reasoning_tokens", details))
        try demand(read.inputTokens == count("prompt_tokens"), "input: \(read) of \(usage)")
        let isApart = read.outputTokens == output + reasoning
        try demand(read.outputTokens == output || isApart, "output: \(read) of \(usage)")
        let total = count("total_tokens")
        if reasoning > 0, total > 0, isApart {
            try demand(total == count("prompt_tokens") + output + reasoning, "total: \(read)")
        }
        let cached = count("cached_tokens", usage.member("prompt_tokens_details"))
        try demand(
            read[.cacheRead] == min(cached, count("prompt_tokens")),
            "cache: \(read) of \(usage)",
        )
    }

    private func checkAnthropic(_ read: Usage) throws(BrokenProperty) {
        let written = usage.member("cache_creation")
        let hour = count("ephemeral_1h_input_tokens", written)
        let all = max(
            count("cache_creation_input_tokens"),
            hour + count("ephemeral_5m_input_tokens", written),
        )
        let searches = count("web_search_requests", usage.member("server_tool_use"))
        let expected = Usage([
            .input: count("input_tokens"), .output: count("output_tokens"),
            .cacheRead: count("cache_read_input_tokens"), .cacheWrite1h: hour,
            .cacheWrite5m: all - hour, .webSearch: searches, .request: 1,
        ])
        try demand(read == expected, "\(read) of \(usage)")
    }

    private func count(_ name: String, _ object: PlainJSON? = nil) -> Int64 {
        (object ?? usage).member(name)?.integer ?? 0
    }

    /// Whether a text was delivered, and so estimated, beside a report of no output: that is none.
    func isRefuted(by reading: UsageReading) -> Bool {
        reading.source == .estimated && statedOutput == 0 && reading.usage.outputTokens > 0
    }

    // MARK: What a report is

    private var statedOutput: Int64 {
        let details = usage.member("completion_tokens_details")
        return switch dialect {
        case .openai: max(count("completion_tokens"), count("reasoning_tokens", details))
        case .anthropic: count("output_tokens")
        }
    }

    private var totals: [String] {
        switch dialect {
        case .openai: ["prompt_tokens", "completion_tokens"]
        case .anthropic: ["input_tokens", "output_tokens"]
        }
    }

    /// Each field that is counted, by the object that it is in.
    private var parts: [(object: PlainJSON?, names: [String])] {
        switch dialect {
        case .openai:
            [
                (usage, totals + ["total_tokens"]),
                (
                    usage.member("prompt_tokens_details"),
                    ["cached_tokens", "cache_write_tokens", "audio_tokens"],
                ),
                (
                    usage.member("completion_tokens_details"),
                    ["reasoning_tokens", "audio_tokens"],
                ),
            ]
        case .anthropic:
            [
                (usage, totals + ["cache_read_input_tokens", "cache_creation_input_tokens"]),
                (
                    usage.member("cache_creation"),
                    ["ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"],
                ),
                (usage.member("server_tool_use"), ["web_search_requests"]),
            ]
        }
    }

    /// Everything that is stated and counts.
    private var stated: [PlainJSON] {
        parts.flatMap { part in part.names.compactMap { part.object?.member($0) } }
            .filter { $0 != .null }
    }

    /// Both totals are there, and all that is stated is a whole number.
    private var mayBeReport: Bool {
        usage.isObject && totals.allSatisfy { usage.member($0)?.integer != nil }
            && stated.allSatisfy { $0.integer.map { $0 >= 0 } ?? false }
    }

    /// It is one, and no number in it is beyond belief.
    private var mustBeReport: Bool {
        mayBeReport && stated.compactMap(\.integer).allSatisfy { $0 <= UsageMeter.largestCount }
    }
}
