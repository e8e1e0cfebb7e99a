import Metering

extension RateCardDraft {
    /// Everything that keeps this draft from being published, one sentence each.
    ///
    /// A price of zero, a missing price and an absurd one are refused: a card that passes bills
    /// every model that it names.
    package func problems() -> [String] {
        var problems: [String] = []
        if version.isEmpty { problems.append("version: is empty") }
        if rates.isEmpty { problems.append("rates: is empty") }
        var seen: [String: String] = [:]
        for row in rates {
            for name in [row.model] + (row.aliases ?? []) {
                if let other = seen.updateValue(row.model, forKey: name) {
                    problems.append("\(row.model): the name \(name) is taken by \(other)")
                }
            }
            problems += check(row).map { "\(row.model): \($0)" }
        }
        return problems
    }

    private func check(_ row: Row) -> [String] {
        var problems: [String] = []
        let markup = row.markupBasisPoints ?? markupBasisPoints
        if row.model.isEmpty { problems.append("model: is empty") }
        if row.upstream.isEmpty { problems.append("upstream: is empty") }
        if row.category?.isEmpty == true { problems.append("category: is empty") }
        if !(0...100_000).contains(markup) {
            problems.append("markup_bps: \(markup) is not within 0 and 100000")
        }
        if !(1...16).contains(row.bytesPerToken ?? 4) {
            problems.append("bytes_per_token: is not within 1 and 16")
        }
        if let tokens = row.imageTokens, !(1...100_000).contains(tokens) {
            problems.append("image_tokens: \(tokens) is not within 1 and 100000")
        }
        problems += check(row.limits)
        problems += check(row.cost, row.price, of: row, markup: markup)
        let bounds = (row.tiers ?? []).map(\.above)
        if Set(bounds).count < bounds.count { problems.append("tiers: two begin at one size") }
        for tier in row.tiers ?? [] {
            if tier.above <= 0 { problems.append("tiers: above is not positive") }
            problems += check(tier.cost, tier.price, of: row, markup: markup)
                .map { "above \(tier.above): \($0)" }
        }
        return problems
    }

    private func check(_ limits: Rate.Limits) -> [String] {
        guard limits.context > 0, limits.maxOutput > 0, limits.maxOutput <= limits.context,
            limits.context <= 100_000_000
        else { return ["limits: need 0 < max_output ≤ context ≤ 100000000"] }
        return []
    }

    /// What a class may cost, in micro-USD per 1M; at most 100 USD for one image, search or request.
    ///
    /// A price per 1,000 or per 1 that was taken for one per 1M is a thousand times too low or too
    /// high. So the bounds of input and output are just wide enough for what is sold: from 0.01 USD
    /// for 1M tokens to 150 and 600, and a markup on it.
    private func bounds(_ kind: UsageClass) -> ClosedRange<Int64> {
        switch kind {
        case .input: 10_000...180_000_000
        case .output, .reasoning: 20_000...1_000_000_000
        case .cacheRead, .cacheWrite5m, .cacheWrite1h: 500...400_000_000
        case .audioInput, .audioOutput: 10_000...1_000_000_000
        case .image, .webSearch, .request: 1...100_000_000_000_000
        }
    }

    private func check(
        _ cost: [UsageClass: Int64],
        _ price: [UsageClass: Int64]?,
        of row: Row,
        markup: Int64,
    ) -> [String] {
        var problems: [String] = []
        var required: [UsageClass] = [.input, .output]
        if row.upstream == "anthropic" { required += [.cacheRead, .cacheWrite5m, .cacheWrite1h] }
        for kind in required where cost[kind] == nil {
            problems.append("cost.\(kind.rawValue): is missing")
        }
        for kind in UsageClass.allCases {
            for (column, value) in [("cost", cost[kind]), ("price", price?[kind])] {
                let bounds = bounds(kind)
                guard let value, !bounds.contains(value) else { continue }
                problems.append(
                    "\(column).\(kind.rawValue): \(value) is not within \(bounds.lowerBound) and "
                        + "\(bounds.upperBound) micro-USD per 1000000"
                )
            }
            guard let stated = price?[kind] else { continue }
            guard let base = cost[kind] else {
                problems.append("price.\(kind.rawValue): has no cost beside it")
                continue
            }
            if stated < base { problems.append("price.\(kind.rawValue): is below its cost") }
        }
        if let read = cost[.cacheRead], let input = cost[.input], read > input {
            problems.append("cost.cache_read: is above cost.input")
        }
        return problems
    }
}
