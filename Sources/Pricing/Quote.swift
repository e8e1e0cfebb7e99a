import Metering
package import Primitives

/// What a request can consume at most, and what it probably will.
package struct Demand: Hashable, Sendable {
    /// An upper bound on the tokens of input.
    package var inputBound: Int64
    /// The likely tokens of input, without what web searches bring in.
    package var inputEstimate: Int64
    /// The output limit that the request names, per choice; `nil` where it names none.
    package var outputLimit: Int64?
    /// Tokens of thinking that the request budgets within its output limit.
    package var thinkingBudget: Int64
    /// How many choices it asks for.
    package var choices: Int64
    /// How many web searches it allows.
    package var webSearches: Int64

    package init(
        inputBound: Int64,
        inputEstimate: Int64,
        outputLimit: Int64? = nil,
        thinkingBudget: Int64 = 0,
        choices: Int64 = 1,
        webSearches: Int64 = 0,
    ) {
        self.inputBound = inputBound
        self.inputEstimate = inputEstimate
        self.outputLimit = outputLimit
        self.thinkingBudget = thinkingBudget
        self.choices = choices
        self.webSearches = webSearches
    }
}

/// How holds are sized.
package enum HoldMode: String, Hashable, Sendable, CaseIterable {
    /// A request whose ceiling the balance does not cover is refused.
    case strict
    /// A request whose ceiling does not fit holds all that is available, provided its estimate
    /// fits.
    case adaptive
}

/// The operator's rules for fitting a quote into a balance.
package struct HoldPolicy: Hashable, Sendable {
    package var mode: HoldMode
    /// The fewest output tokens to which a limit is lowered.
    package let outputFloor: Int64
    /// Whether a limit may be lowered at all; a key can forbid it.
    package var mayLower: Bool

    package init(mode: HoldMode, outputFloor: Int64 = 1024, mayLower: Bool = true) {
        self.mode = mode
        self.outputFloor = outputFloor
        self.mayLower = mayLower
    }
}

/// The most that one inference can cost, worked out before it is forwarded.
package struct Quote: Hashable, Sendable {
    /// What a balance allows.
    package enum Fit: Hashable, Sendable {
        /// Hold `amount` and send `outputLimit` upstream, which may be lower than asked for.
        case hold(amount: Amount, outputLimit: Int64, isLowered: Bool)
        /// The balance does not cover it; with what is available, `affordableOutput` tokens would.
        case refused(needed: Amount, available: Amount, affordableOutput: Int64)
    }

    package let rate: Rate
    package let demand: Demand
    /// Output tokens per choice: the request's own limit, else the model's maximum.
    package let outputLimit: Int64

    package init(rate: Rate, demand: Demand) {
        self.rate = rate
        self.demand = demand
        outputLimit = min(demand.outputLimit ?? rate.limits.maxOutput, rate.limits.maxOutput)
    }

    /// The ceiling: both bounds at the highest price that the request could meet.
    package var ceiling: Amount { worst(output: outputLimit) }

    /// The same with another output limit.
    package func ceiling(output limit: Int64) -> Amount { worst(output: limit) }

    /// What the request costs if its input is as estimated and its output reaches the limit.
    package var estimate: Amount { likely(output: outputLimit) }

    /// Fits the quote into what is available.
    ///
    /// Everything in micro-USD. A request that may search the web is held for the worst, whatever
    /// the policy's mode is.
    package func fit(available: Amount, policy: HoldPolicy) -> Fit {
        let ceiling = ceiling
        if ceiling <= available {
            return .hold(amount: ceiling, outputLimit: outputLimit, isLowered: false)
        }
        // What searches bring in is bounded, and nobody can say what is likely.
        let mode = demand.webSearches > 0 ? .strict : policy.mode
        let affordable = affordableOutput(available, mode)
        let floor = min(outputLimit, policy.outputFloor.plus(demand.thinkingBudget))
        switch mode {
        case .adaptive where estimate <= available:
            return .hold(amount: available, outputLimit: outputLimit, isLowered: false)
        case .adaptive where policy.mayLower && affordable >= max(floor, 1):
            return .hold(amount: available, outputLimit: affordable, isLowered: true)
        case .strict where policy.mayLower && affordable >= max(floor, 1):
            return .hold(
                amount: worst(output: affordable),
                outputLimit: affordable,
                isLowered: true,
            )
        case .strict, .adaptive:
            let needed = mode == .strict ? ceiling : estimate
            return .refused(needed: needed, available: available, affordableOutput: affordable)
        }
    }

    /// The output tokens per choice that `available` covers, at most the limit.
    private func affordableOutput(_ available: Amount, _ mode: HoldMode) -> Int64 {
        let (fixed, price) =
            switch mode {
            case .strict: (worstFixed, worstOutputPrice)
            case .adaptive: (likelyFixed, likelyPrices.price[.output] ?? 0)
            }
        let units = fixed.unitsThatFit(under: available, at: price) ?? 0
        return min(units / max(demand.choices, 1), outputLimit)
    }

    private func worst(output: Int64) -> Amount {
        var sum = worstFixed
        sum.add(output.times(demand.choices), at: worstOutputPrice)
        return sum.roundedUp
    }

    private func likely(output: Int64) -> Amount {
        var sum = likelyFixed
        sum.add(output.times(demand.choices), at: likelyPrices.price[.output] ?? 0)
        return sum.roundedUp
    }

    /// The highest price of any of `kinds` in a table that a request within the input bound could
    /// be priced by.
    private func highestPrice(of kinds: [UsageClass]) -> Int64 {
        var highest = rate.standard.highest(of: kinds)
        for tier in rate.tiers where demand.inputBound > tier.above {
            highest = max(highest, tier.prices.highest(of: kinds))
        }
        return highest
    }

    private var worstOutputPrice: Int64 { highestPrice(of: UsageClass.outputTokens) }

    private var worstFixed: PicodollarSum {
        var sum = PicodollarSum()
        sum.add(demand.inputBound, at: highestPrice(of: UsageClass.inputTokens))
        sum.add(1, at: highestPrice(of: [.request]))
        sum.add(demand.webSearches, at: highestPrice(of: [.webSearch]))
        return sum
    }

    private var likelyPrices: PriceTable { rate.prices(inputTokens: demand.inputEstimate) }

    private var likelyFixed: PicodollarSum {
        var sum = PicodollarSum()
        sum.add(demand.inputEstimate, at: likelyPrices.price[.input] ?? 0)
        sum.add(1, at: likelyPrices.price[.request] ?? 0)
        sum.add(demand.webSearches, at: likelyPrices.price[.webSearch] ?? 0)
        return sum
    }
}

extension Int64 {
    /// The sum, or the largest number where it does not fit.
    fileprivate func plus(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }

    /// The product, or the largest number where it does not fit.
    fileprivate func times(_ factor: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}
