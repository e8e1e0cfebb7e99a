import Identity
import Ledger
import Primitives

extension BudgetWindow {
    /// Limits by window, as JSON names them; `nil` takes one away.
    ///
    /// - Throws: ``GatewayError/invalidParameter(_:)`` where a window is none.
    static func limits(
        _ limits: [String: Dollars?]
    ) throws(GatewayError) -> [(BudgetWindow, Amount?)] {
        var budgets: [(BudgetWindow, Amount?)] = []
        for (name, limit) in limits {
            guard let window = BudgetWindow(rawValue: name) else {
                throw .invalidParameter("limits")
            }
            budgets.append((window, limit?.amount))
        }
        return budgets
    }
}

extension SpendingLimits {
    /// Those that are set, by window, as JSON names them.
    var dollars: [String: Dollars] {
        var limits: [String: Dollars] = [:]
        for window in BudgetWindow.allCases {
            limits[window.rawValue] = self[window].map { Dollars($0) }
        }
        return limits
    }
}

extension KeyedDecodingContainer {
    /// Limits by window; an amount that is none is told under the field's name.
    func limits(_ key: Key) throws -> [String: Dollars?]? {
        do { return try decodeIfPresent([String: Dollars?].self, forKey: key) } catch {
            throw DecodingError.dataCorruptedError(
                forKey: key,
                in: self,
                debugDescription: "not limits by window",
            )
        }
    }
}
