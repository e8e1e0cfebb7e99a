import Metering

/// Anthropic's `usage` object, kept over a stream: each field's last value wins.
///
/// https://docs.anthropic.com/en/api/messages#response-usage. Counts are cumulative, and a later
/// event may state fewer fields than an earlier one.
struct AnthropicUsage {
    private var input = StatedCount.absent
    private var output = StatedCount.absent
    private var cacheRead = StatedCount.absent
    private var cacheWrite = StatedCount.absent
    private var cacheWrite5m = StatedCount.absent
    private var cacheWrite1h = StatedCount.absent
    private var webSearches = StatedCount.absent

    /// Takes one `usage` object.
    mutating func read(_ cursor: inout JSONCursor) throws(JSONError) {
        var usage = self
        try cursor.object { cursor, key throws(JSONError) in
            switch key {
            case "input_tokens": try usage.input.replace(&cursor)
            case "output_tokens": try usage.output.replace(&cursor)
            case "cache_read_input_tokens": try usage.cacheRead.replace(&cursor)
            case "cache_creation_input_tokens": try usage.cacheWrite.replace(&cursor)
            case "cache_creation":
                try cursor.objectIfAny { cursor, key throws(JSONError) in
                    switch key {
                    case "ephemeral_5m_input_tokens": try usage.cacheWrite5m.replace(&cursor)
                    case "ephemeral_1h_input_tokens": try usage.cacheWrite1h.replace(&cursor)
                    default: try cursor.skip()
                    }
                }
            case "server_tool_use":
                try cursor.objectIfAny { cursor, key throws(JSONError) in
                    guard case "web_search_requests" = key else {
                        try cursor.skip()
                        return
                    }
                    try usage.webSearches.replace(&cursor)
                }
            default: try cursor.skip()
            }
        }
        self = usage
    }

    /// The classes, or `nil` where a field is not a whole number or a total is missing.
    var report: UsageReport? {
        let fields = [cacheRead, cacheWrite, cacheWrite5m, cacheWrite1h, webSearches]
        guard let input = input.value, let output = output.value, !fields.contains(.invalid) else {
            return nil
        }
        let oneHour = cacheWrite1h.value ?? 0
        let written = max(cacheWrite.value ?? 0, oneHour.saturatingSum(cacheWrite5m.value ?? 0))
        return UsageReport([
            .input: input, .output: output, .cacheRead: cacheRead.value ?? 0,
            .cacheWrite1h: oneHour, .cacheWrite5m: written - oneHour,
            .webSearch: webSearches.value ?? 0,
        ])
    }
}

extension StatedCount {
    /// Reads the next value in place of this one, unless it says nothing.
    fileprivate mutating func replace(_ cursor: inout JSONCursor) throws(JSONError) {
        self = try StatedCount(&cursor).or(self)
    }
}

extension Int64 {
    fileprivate func saturatingSum(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
