import Gateway
import Identity
import Ledger
import NIOCore
import Primitives
import Testing

/// What a change of a key does to its budgets.
@Suite struct KeyChangeTests {
    private func budgets(
        _ old: [BudgetWindow: Int64],
        _ body: String,
    ) throws -> [BudgetWindow: Int64] {
        var settings = KeySettings()
        for (window, dollars) in old { settings.budgets[window] = Amount(dollars * 1_000_000) }
        let change = try JSONRequest.value(KeyChange.self, of: ByteBuffer(string: body))
        try change.checked(isOperator: false)(&settings)
        var new: [BudgetWindow: Int64] = [:]
        for window in BudgetWindow.allCases {
            new[window] = settings.budgets[window].map { $0.units / 1_000_000 }
        }
        return new
    }

    @Test(
        arguments: [
            [BudgetWindow.total: Int64(10), .daily: 1], [.daily: 1, .monthly: 5],
            [.total: 10, .daily: 1, .weekly: 3, .monthly: 5], [:],
        ],
        [
            "{\"limit_reset\":\"monthly\"}", "{\"limit_reset\":\"daily\"}",
            "{\"limit_reset\":null}",
        ],
    )
    func `a window alone changes nothing where a key has several budgets, or none`(
        old: [BudgetWindow: Int64],
        body: String,
    ) throws {
        #expect(try budgets(old, body) == old)
    }

    @Test(arguments: [
        (
            [BudgetWindow.total: Int64(10)], "{\"limit_reset\":\"monthly\"}",
            [BudgetWindow.monthly: Int64(10)],
        ),
        ([.daily: 10], "{\"limit_reset\":null}", [.total: 10]),
        ([.daily: 10], "{\"limit\":7}", [.daily: 7]),
        ([.daily: 10], "{\"limit\":null}", [:]),
        ([.total: 10, .daily: 1], "{\"limit\":7,\"limit_reset\":\"weekly\"}", [.weekly: 7]),
        ([.total: 10, .daily: 1], "{\"limit\":7}", [.total: 7]),
        (
            [.total: 10, .daily: 1], "{\"limits\":{\"daily\":null,\"weekly\":3}}",
            [.total: 10, .weekly: 3],
        ),
    ])
    func `a limit replaces every budget, and a window moves the only one`(
        old: [BudgetWindow: Int64],
        body: String,
        new: [BudgetWindow: Int64],
    ) throws {
        #expect(try budgets(old, body) == new)
    }
}
