import Primitives

extension Auditor {
    /// Audits what has changed since the books were audited in full, or followed last.
    ///
    /// The cost is that of the new transfers and the open holds, however long the books are.
    ///
    /// - Throws: the first ``AuditDifference``.
    /// - Returns: how many transfers are new.
    package mutating func follow<Books>(_ books: inout Books, page: Int = 10_000) throws -> Int
    where Books: LedgerTransaction & LedgerReading {
        let before = transferCount
        let heldBefore = derived.filter { $0.value.held > .zero }.map(\.key)
        let spendersBefore = spendings.filter { $0.value.held > .zero }.map(\.key)
        try readOn(&books, page: page)
        var accounts = Set(heldBefore)
        var spenders = Set(spendersBefore)
        for cause in Set(charged.keys).union(refunded.keys) {
            let hold = try checkEnded(cause, &books)
            spenders.formUnion(hold.spenders)
            for part in hold.parts { accounts.insert(.customer(hold.customer, part.asset)) }
        }
        try deriveHeld(of: try books.openHolds(leasedBefore: .distantFuture, limit: .max))
        accounts.formUnion(derived.filter { $0.value.held > .zero }.map(\.key))
        spenders.formUnion(spendings.filter { $0.value.held > .zero }.map(\.key))
        for account in accounts.sorted(by: { "\($0)" < "\($1)" }) {
            try check(try books.balance(of: account), of: account)
        }
        for spender in spenders.sorted(by: { "\($0)" < "\($1)" }) {
            let (found, expected) = (try books.spending(of: spender), spendings[spender] ?? .zero)
            guard found == expected else {
                throw AuditDifference.spending(spender, stored: found, derived: expected)
            }
        }
        try check(totals: try books.totals())
        return transferCount - before
    }

    /// Takes the hold whose charge or refund is among the new transfers.
    private mutating func checkEnded(
        _ cause: String,
        _ books: inout some LedgerTransaction,
    ) throws -> Hold {
        let id = InferenceID(cause)
        let (taken, returned) = (
            charged.removeValue(forKey: cause), refunded.removeValue(forKey: cause),
        )
        guard let hold = try books.hold(id) else {
            throw AuditDifference.charge(id, stored: "missing", derived: taken ?? 0)
        }
        if let taken, taken != hold.inAsset(hold.charge) {
            throw AuditDifference.charge(id, stored: "\(hold.state)", derived: taken)
        }
        let refund = hold.inAsset(hold.refunded ?? .zero)
        if let returned, returned != refund {
            throw AuditDifference.refund(id, stored: refund, derived: returned)
        }
        for spender in hold.spenders {
            var spending = spendings[spender] ?? .zero
            if taken != nil { try spending.charged.add(hold.charge) }
            if returned != nil {
                spending.charged = spending.charged.subtractingOrZero(hold.refunded ?? .zero)
            }
            spendings[spender] = spending
        }
        return hold
    }

    private mutating func deriveHeld(of open: [Hold]) throws {
        for account in derived.keys { derived[account]?.held = .zero }
        for spender in spendings.keys { spendings[spender]?.held = .zero }
        for hold in open {
            for part in hold.parts {
                try derived[.customer(hold.customer, part.asset), default: .zero].held
                    .add(part.amount)
            }
            for spender in hold.spenders {
                try spendings[spender, default: .zero].held.add(hold.amount)
            }
        }
    }

    private func check(totals: [AccountTotal]) throws(AuditDifference) {
        for asset in Asset.allCases {
            let stored = totals.filter { $0.asset == asset }.map(\.balance)
            let debits = stored.reduce(Int128(0)) { $0 + Int128($1.debits.units) }
            let credits = stored.reduce(Int128(0)) { $0 + Int128($1.credits.units) }
            guard debits == credits else {
                throw .unbalanced(
                    asset,
                    debits: Int64(clamping: debits),
                    credits: Int64(clamping: credits),
                )
            }
        }
    }
}
