package import Metering
package import Primitives

/// What a customer's inferences with one model came to on one day, which is UTC's.
package struct DailyUsage: Hashable, Sendable {
    /// Any moment of the day.
    package let day: Timestamp
    package let model: String
    package fileprivate(set) var requests: Int64
    /// Everything that was read, from caches too.
    package fileprivate(set) var inputTokens: Int64
    package fileprivate(set) var outputTokens: Int64
    package fileprivate(set) var charge: Amount

    /// Adds inferences up, in any order.
    package struct Sums {
        private struct Place: Hashable {
            let day: Int64
            let model: String
        }

        private var sums: [Place: DailyUsage] = [:]

        package init() {}

        package mutating func add(at: Timestamp, _ model: String, _ usage: Usage, _ charge: Amount)
        {
            let none = DailyUsage(
                day: at,
                model: model,
                requests: 0,
                inputTokens: 0,
                outputTokens: 0,
                charge: .zero,
            )
            var sum = sums[Place(day: at.day, model: model), default: none]
            sum.requests += 1
            sum.inputTokens += usage.inputTokens
            sum.outputTokens += usage.outputTokens
            sum.charge = Amount(sum.charge.units + charge.units)
            sums[Place(day: at.day, model: model)] = sum
        }

        /// The newest day first; of one day, by the model's name.
        package var all: [DailyUsage] {
            sums.sorted { ($1.key.day, $0.key.model) < ($0.key.day, $1.key.model) }.map(\.value)
        }
    }
}
