/// What the meter knows when an answer is over.
package struct UsageReading: Hashable, Sendable, Codable {
    /// Where the counts come from.
    package enum Source: String, Hashable, Sendable, Codable {
        /// The provider reported its own totals.
        case reported
        /// No valid report arrived, so at least one side is our own estimate.
        case estimated
    }

    package let usage: Usage
    package let source: Source

    package init(usage: Usage, source: Source) {
        self.usage = usage
        self.source = source
    }
}

/// Counts one inference while its answer passes.
///
/// A pure function of what passed: the reports, and the bytes of text that were delivered. The
/// last value of each reported field wins, never a sum.
package struct UsageMeter: Hashable, Sendable {
    /// What bounds an estimate.
    package struct Bounds: Hashable, Sendable {
        /// The input's estimate, in tokens.
        package let inputEstimate: Int64
        /// The output limit that went upstream, in tokens over all choices.
        package let outputLimit: Int64
        /// How many bytes of text make a token in an estimate; positive.
        package let bytesPerToken: Int64

        package init(inputEstimate: Int64, outputLimit: Int64, bytesPerToken: Int64) {
            precondition(bytesPerToken > 0, "a token has bytes")
            self.inputEstimate = inputEstimate
            self.outputLimit = outputLimit
            self.bytesPerToken = bytesPerToken
        }
    }

    private let bounds: Bounds
    private var deliveredBytes: Int64 = 0
    private var report = UsageReport()
    private var isFinal = false
    private var isInvalid = false

    package init(_ bounds: Bounds) { self.bounds = bounds }

    /// Takes text, arguments or reasoning that the agent was sent.
    package mutating func deliver(bytes: Int) { deliveredBytes += Int64(bytes) }

    /// The most of one class that a report is believed; no model reads or writes a tenth of it.
    package static let largestCount: Int64 = 1_000_000_000

    /// Takes a report; `isFinal` where its output count covers the whole answer.
    ///
    /// One with a count that cannot be is no report: booked, it would fill the books' 64 bits.
    package mutating func accept(_ report: UsageReport, isFinal: Bool) {
        guard report.counts.values.allSatisfy((0...UsageMeter.largestCount).contains) else {
            rejectReport()
            return
        }
        self.report.counts.merge(report.counts) { _, latest in latest }
        if isFinal {
            self.isFinal = true
            isInvalid = false
        }
    }

    /// Takes a report that is none: negative, fractional or not a number.
    package mutating func rejectReport() { isInvalid = true }

    /// Output tokens estimated from what was delivered, before any bound.
    package var estimatedOutput: Int64 {
        (deliveredBytes + bounds.bytesPerToken - 1) / bounds.bytesPerToken
    }

    /// Whether far more text has passed than the output limit allows: the upstream ignores it.
    package var isRunaway: Bool {
        let (limit, overflow) = bounds.outputLimit.multipliedReportingOverflow(by: 4)
        return !overflow && estimatedOutput > max(limit, 64)
    }

    /// What the answer comes to so far, with `ahead` more tokens of output.
    ///
    /// As reported, where it is, else as estimated; no bound is applied.
    package func running(ahead: Int64 = 0) -> Usage { usage(output: estimatedOutput + ahead) }

    /// What the answer comes to so far at least.
    ///
    /// Half of what is estimated, where nothing is reported: some texts have twice the bytes in a
    /// token.
    package var certain: Usage { usage(output: estimatedOutput / 2) }

    private func usage(output: Int64) -> Usage {
        var usage = Usage(isInvalid ? [:] : report.counts)
        if usage.inputTokens == 0 { usage[.input] = bounds.inputEstimate }
        if usage.outputTokens < output {
            for kind in UsageClass.outputTokens { usage[kind] = 0 }
            usage[.output] = output
        }
        usage[.request] = 1
        return usage
    }

    /// What to charge for if nothing more arrives.
    package var reading: UsageReading {
        // A report of no output beside a delivered text is none.
        let isBelievable = Usage(report.counts).outputTokens > 0 || deliveredBytes == 0
        if isFinal, !isInvalid, isBelievable {
            var usage = Usage(report.counts)
            usage[.request] = 1
            return UsageReading(usage: usage, source: .reported)
        }
        let output = min(estimatedOutput, bounds.outputLimit)
        return UsageReading(usage: usage(output: output), source: .estimated)
    }
}
