import ArgumentParser
import Gateway

/// The most that may be spent, by window; what is not given stays as it is.
struct LimitOptions: ParsableArguments {
    @Option(help: "The most to spend over all time, in USD: 5.00, or none.")
    var limitTotal: String?
    @Option(help: "The same for each day (UTC).") var limitDaily: String?
    @Option(help: "The same for each week (UTC, from Monday).") var limitWeekly: String?
    @Option(help: "The same for each calendar month (UTC).") var limitMonthly: String?

    /// - Throws: `ValidationError`.
    var byWindow: [String: Dollars?]? {
        get throws {
            var limits: [String: Dollars?] = [:]
            let given = [
                ("total", limitTotal), ("daily", limitDaily), ("weekly", limitWeekly),
                ("monthly", limitMonthly),
            ]
            for (window, text) in given {
                guard let text else { continue }
                if text == "none" {
                    limits.updateValue(nil, forKey: window)
                } else if let dollars = Dollars(text) {
                    limits[window] = dollars
                } else {
                    throw ValidationError("--limit-\(window) is an amount such as 5.00, or none.")
                }
            }
            return limits.isEmpty ? nil : limits
        }
    }
}
