package import Primitives

/// What a caller asks to have reserved.
package struct HoldRequest: Sendable {
    package let id: InferenceID
    package let customer: CustomerID
    package let key: KeyID
    /// Micro-USD.
    package let amount: Amount
    package let rateCard: String
    package let subject: String
    package let placedAt: Timestamp
    package let lease: Timestamp
    /// The limits above the customer's balance that must cover it too.
    package let budgets: [Budget]

    package init(
        id: InferenceID,
        customer: CustomerID,
        key: KeyID,
        amount: Amount,
        rateCard: String,
        subject: String,
        placedAt: Timestamp,
        lease: Timestamp,
        budgets: [Budget] = [],
    ) {
        self.id = id
        self.customer = customer
        self.key = key
        self.amount = amount
        self.rateCard = rateCard
        self.subject = subject
        self.placedAt = placedAt
        self.lease = lease
        self.budgets = budgets
    }
}

extension LedgerTransaction {
    /// Reserves `request.amount` micro-USD of the customer's available balances and of every budget
    /// above them: all cover it, or nothing is taken.
    ///
    /// Placing the same hold twice returns the first one, so a retry is safe.
    ///
    /// - Throws: ``LedgerError/holdExistsWithDifferentContent(_:)``,
    ///   ``LedgerError/insufficientFunds(available:needed:)``,
    ///   ``LedgerError/budgetExceeded(_:remaining:needed:)``; nothing is written.
    package mutating func placeHold(_ request: HoldRequest, solRate: SOLRate?) throws -> Hold {
        if let recorded = try hold(request.id) {
            guard recorded.customer == request.customer, recorded.amount == request.amount else {
                throw LedgerError.holdExistsWithDifferentContent(request.id)
            }
            return recorded
        }
        let headroom = try headroom(
            of: request.customer,
            solRate: solRate,
            within: request.budgets,
            at: request.placedAt,
        )
        guard let parts = headroom.funds.parts(covering: request.amount) else {
            throw LedgerError.insufficientFunds(
                available: headroom.funds.spendable,
                needed: request.amount,
            )
        }
        if let (budget, remaining) = headroom.tightest, remaining < request.amount {
            throw LedgerError.budgetExceeded(
                budget.window,
                remaining: remaining,
                needed: request.amount,
            )
        }
        let hold = Hold(request, parts: parts, solRate: solRate)
        let reserved = try balances(reserving: parts, of: request.customer)
        try countReserved(hold.amount, by: hold)
        for (account, balance) in reserved { try setBalance(balance, of: account) }
        try save(hold)
        return hold
    }

    /// What the customer's balances will be once `parts` are reserved.
    ///
    /// - Throws: ``LedgerError/overdraft(_:)``; nothing is written.
    mutating func balances(
        reserving parts: [Hold.Part],
        of customer: CustomerID,
    ) throws -> [(AccountID, Balance)] {
        var reserved: [(AccountID, Balance)] = []
        for part in parts {
            let account = AccountID.customer(customer, part.asset)
            reserved.append((account, try balance(of: account).holding(part.amount, of: account)))
        }
        return reserved
    }
}

extension Hold {
    fileprivate init(_ request: HoldRequest, parts: [Part], solRate: SOLRate?) {
        self.init(
            id: request.id,
            customer: request.customer,
            key: request.key,
            amount: request.amount,
            parts: parts,
            solRate: parts.contains { $0.asset == .sol } ? solRate : nil,
            rateCard: request.rateCard,
            subject: request.subject,
            placedAt: request.placedAt,
            lease: request.lease,
        )
    }
}
