import Identity
package import Ledger
package import Primitives

/// What an operator asks to have changed of a customer.
package struct CustomerChange: Codable, Sendable {
    /// By window: USD, or `null` for no limit; those not named stay.
    package var limits: [String: Dollars?]?

    package init(limits: [String: Dollars?]? = nil) { self.limits = limits }

    private enum CodingKeys: String, CodingKey, CaseIterable { case limits }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        limits = try fields.limits(.limits)
        try decoder.refuseUnknown(CodingKeys.self)
    }

    /// The limits that are named; `nil` takes one away.
    ///
    /// - Throws: ``GatewayError/invalidParameter(_:)`` where a window is none.
    package func checkedLimits() throws(GatewayError) -> [(BudgetWindow, Amount?)] {
        try BudgetWindow.limits(limits ?? [:])
    }
}

/// A customer as operators see it; money is in US dollars, exactly.
package struct CustomerAnswer: Codable, Sendable {
    package let customer: String
    package let label: String
    package let createdAt: String
    /// What is available over all dollar assets.
    package let available: Dollars
    /// The most that all its keys together may spend, by window.
    package let limits: [String: Dollars]
    /// What they were charged, by window.
    package let usage: [String: Dollars]
}

/// What operators do with customers.
package struct CustomerDesk<Storage: GatewayStore>: Sendable {
    private let store: Storage
    private let time: TimeSource

    package init(store: Storage, time: TimeSource) {
        self.store = store
        self.time = time
    }

    /// - Throws: ``IdentityError/customerNotFound``.
    package func show(_ id: CustomerID) async throws -> CustomerAnswer {
        let now = time.now()
        return try await store.read { try $0.describe(id, at: now) }
    }

    /// Changes what is named; in force for the next request.
    ///
    /// - Throws: ``GatewayError/invalidParameter(_:)``, ``IdentityError/customerNotFound``;
    ///   nothing is written.
    package func change(_ id: CustomerID, _ wish: CustomerChange) async throws -> CustomerAnswer {
        let now = time.now()
        let limits = try wish.checkedLimits()
        return try await store.write(.durable) { transaction in
            guard var customer = try transaction.customer(id) else {
                throw IdentityError.customerNotFound
            }
            for (window, limit) in limits { customer.budgets[window] = limit }
            try transaction.update(customer)
            return try transaction.describe(id, at: now)
        }
    }
}

extension IdentityTransaction where Self: LedgerTransaction {
    fileprivate mutating func describe(
        _ id: CustomerID,
        at now: Timestamp,
    ) throws -> CustomerAnswer {
        guard let customer = try customer(id) else { throw IdentityError.customerNotFound }
        var usage: [String: Dollars] = [:]
        for window in BudgetWindow.allCases {
            usage[window.rawValue] = Dollars(try spent(by: .customer(id), in: window, at: now))
        }
        return CustomerAnswer(
            customer: id.description,
            label: customer.label,
            createdAt: customer.createdAt.iso8601,
            available: Dollars(try funds(of: id, solRate: nil).dollars),
            limits: customer.budgets.dollars,
            usage: usage,
        )
    }
}
