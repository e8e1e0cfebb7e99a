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

    package init(
        id: InferenceID,
        customer: CustomerID,
        key: KeyID,
        amount: Amount,
        rateCard: String,
        subject: String,
        placedAt: Timestamp,
        lease: Timestamp,
    ) {
        self.id = id
        self.customer = customer
        self.key = key
        self.amount = amount
        self.rateCard = rateCard
        self.subject = subject
        self.placedAt = placedAt
        self.lease = lease
    }
}

extension LedgerTransaction {
    /// Reserves `request.amount` micro-USD of the customer's available balances.
    ///
    /// Placing the same hold twice returns the first one, so a retry is safe.
    ///
    /// - Throws: ``LedgerError/holdExistsWithDifferentContent(_:)``,
    ///   ``LedgerError/insufficientFunds(available:needed:)``; nothing is written.
    package mutating func placeHold(_ request: HoldRequest, solRate: SOLRate?) throws -> Hold {
        if let recorded = try hold(request.id) {
            guard recorded.customer == request.customer, recorded.amount == request.amount else {
                throw LedgerError.holdExistsWithDifferentContent(request.id)
            }
            return recorded
        }
        let funds = try funds(of: request.customer, solRate: solRate)
        guard let parts = funds.parts(covering: request.amount) else {
            throw LedgerError.insufficientFunds(
                available: funds.spendable,
                needed: request.amount,
            )
        }
        let reserved = try reserve(parts, of: request.customer)
        for (account, balance) in reserved { try setBalance(balance, of: account) }
        let hold = Hold(request, parts: parts, solRate: solRate)
        try save(hold)
        return hold
    }

    private mutating func reserve(
        _ parts: [Hold.Part],
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
