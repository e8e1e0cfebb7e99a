extension SimulatedAnswer {
    /// The defaults changed by `directives`.
    package init(directives: String) throws(DirectiveError) {
        self.init()
        try apply(directives)
    }

    /// Changes the settings named in `key=value; key=value`; values are percent-encoded.
    ///
    /// - Throws: ``DirectiveError``; the settings before the wrong one are changed already.
    package mutating func apply(_ directives: String) throws(DirectiveError) {
        for part in directives.split(whereSeparator: { $0 == ";" || $0.isNewline }) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = pair[0].trimmed
            if name.isEmpty && pair.count == 1 { continue }
            let directive = try Directive(named: name)
            guard pair.count == 2 else { throw directive.refusal(of: "", because: "has no value") }
            guard let value = pair[1].trimmed.percentDecoded else {
                throw directive.refusal(
                    of: String(pair[1]),
                    because: "is not percent-encoded UTF-8",
                )
            }
            try set(directive, to: value)
        }
    }

    private mutating func set(_ key: Directive, to value: String) throws(DirectiveError) {
        switch key {
        case .text: text = value
        case .inputTokens: inputTokens = try key.number(value, in: 0...Self.mostTokens)
        case .outputTokens: outputTokens = try key.number(value, in: 0...Self.mostOutput)
        case .cacheReadTokens: cacheReadTokens = try key.number(value, in: 0...Self.mostTokens)
        case .cacheWrite5mTokens:
            cacheWrite5mTokens = try key.number(value, in: 0...Self.mostTokens)
        case .cacheWrite1hTokens:
            cacheWrite1hTokens = try key.number(value, in: 0...Self.mostTokens)
        case .reasoningTokens: reasoningTokens = try key.number(value, in: 0...Self.mostTokens)
        case .tool: callsTool = try key.number(value, in: 0...1) == 1
        case .headDelay:
            headDelay = .milliseconds(try key.number(value, in: 0...Self.longestDelay))
        case .chunkDelay:
            chunkDelay = .milliseconds(try key.number(value, in: 0...Self.longestDelay))
        case .chunkBytes: chunkBytes = try key.number(value, in: 1...Int.max)
        case .status: status = try key.number(value, in: 400...599)
        case .retryAfter: retryAfter = try key.number(value)
        case .fault: try setFault(value)
        case .usage: try setUsage(value)
        }
    }

    private mutating func setFault(_ value: String) throws(DirectiveError) {
        if value == "none" {
            fault = nil
            return
        }
        guard let known = SimulatedFault(directive: value) else {
            throw Directive.fault.refusal(of: value, because: "is no fault we know")
        }
        fault = known
    }

    private mutating func setUsage(_ value: String) throws(DirectiveError) {
        guard let known = SimulatedUsageForm(rawValue: value) else {
            let forms = SimulatedUsageForm.allCases.map(\.rawValue).joined(separator: ", ")
            throw Directive.usage.refusal(of: value, because: "is none of \(forms)")
        }
        usage = known
    }

    /// Sums of a few of these stay far from the edge of 64 bits.
    private static let mostTokens = 1_000_000_000_000
    /// The words of an answer are built in memory.
    private static let mostOutput = 10_000_000
    /// One day, in milliseconds.
    private static let longestDelay = 86_400_000
}
