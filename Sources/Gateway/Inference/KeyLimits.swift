import Identity
import Pricing
import Primitives
import RateLimits

extension KeySettings {
    /// Whether the key may use a model; its list may name it by any of its names.
    func allows(_ rate: Rate, in book: RateBook) -> Bool {
        guard let models else { return true }
        return models.contains { name in
            if name.hasSuffix("*") { return rate.model.hasPrefix(name.dropLast()) }
            return name == rate.model || book.canonicalName(of: name) == rate.model
        }
    }

    var pace: Pace {
        Pace(
            requestsPerMinute: rates.requestsPerMinute,
            tokensPerMinute: rates.tokensPerMinute,
            concurrency: rates.concurrency,
        )
    }
}

extension GatewayServices {
    /// Counts a request against its key's pace.
    ///
    /// - Throws: ``GatewayError/paceExceeded(_:wait:)``; nothing is counted.
    func admit(_ key: Key, tokens: Int64) throws(GatewayError) -> Admission {
        do throws(PaceLimiter.Refusal) {
            return try paces.admit(
                key.id.description,
                key.settings.pace,
                tokens: tokens,
                at: time.now(),
            )
        } catch {
            switch error {
            case .requests(let wait): throw .paceExceeded("requests per minute", wait: wait)
            case .tokens(let wait): throw .paceExceeded("tokens per minute", wait: wait)
            case .concurrency:
                throw .paceExceeded("inferences at a time", wait: .milliseconds(500))
            }
        }
    }
}

extension Quote {
    /// The most tokens that the request can take: its input's bound, and its output to the limit.
    var tokenBound: Int64 {
        let (output, overflow) = outputLimit.multipliedReportingOverflow(by: demand.choices)
        let (sum, carry) = demand.inputBound.addingReportingOverflow(output)
        return overflow || carry ? .max : sum
    }
}
