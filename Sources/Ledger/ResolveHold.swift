package import Primitives

/// What an inference did cost, as the ledger books it.
///
/// Micro-USD.
package struct Settlement: Hashable, Sendable {
    /// The price of the whole usage, whatever was held.
    package let price: Amount
    /// Our cost of the whole usage, at most `price`.
    package let cost: Amount
    /// Whom we owe the cost.
    package let provider: String

    /// - Precondition: the cost does not exceed the price.
    package init(price: Amount, cost: Amount, provider: String) {
        precondition(cost <= price, "a price covers its cost")
        self.price = price
        self.cost = cost
        self.provider = provider
    }
}

extension LedgerTransaction {
    /// Ends a hold with a charge: takes `min(settlement.price, hold)` for good and returns the rest.
    ///
    /// What the price exceeds the hold by is booked against `overrun`, the operator's. Capturing
    /// the same settlement again returns the hold unchanged.
    ///
    /// - Throws: ``LedgerError/holdNotFound(_:)``, ``LedgerError/holdAlreadyResolved(_:)``,
    ///   ``LedgerError/overflow(_:)``; nothing is written.
    package mutating func captureHold(
        _ id: InferenceID,
        _ settlement: Settlement,
        at now: Timestamp,
    ) throws -> Hold {
        guard let hold = try hold(id) else { throw LedgerError.holdNotFound(id) }
        let charge = min(settlement.price, hold.amount)
        switch hold.state {
        case .open: break
        case .captured(charge): return hold
        case .captured, .released, .expired: throw LedgerError.holdAlreadyResolved(id)
        }
        let transfers = CapturePlan(hold, settlement, at: now).transfers
        try checkRoom(for: transfers)
        try countEnded(hold, charging: charge, at: now)
        try returnParts(of: hold)
        // Their ids are made of the hold's, which was open until now.
        for transfer in transfers { try book(transfer) }
        return try resolve(hold, as: .captured(charge), at: now)
    }

    /// Ends a hold without a charge.
    ///
    /// Releasing it again returns it unchanged.
    ///
    /// - Throws: ``LedgerError/holdNotFound(_:)``, ``LedgerError/holdAlreadyResolved(_:)``;
    ///   nothing is written.
    @discardableResult
    package mutating func releaseHold(_ id: InferenceID, at now: Timestamp) throws -> Hold {
        guard let hold = try hold(id) else { throw LedgerError.holdNotFound(id) }
        switch hold.state {
        case .open: break
        case .released: return hold
        case .captured, .expired: throw LedgerError.holdAlreadyResolved(id)
        }
        try countEnded(hold, charging: .zero, at: now)
        try returnParts(of: hold)
        return try resolve(hold, as: .released, at: now)
    }

    /// Ends every open hold whose lease ran out before `now`, except those in `live`.
    ///
    /// - Returns: the expired holds, at most `limit` of them.
    package mutating func expireHolds(
        leasedBefore deadline: Timestamp,
        except live: Set<InferenceID>,
        at now: Timestamp,
        limit: Int = 1000,
    ) throws -> [Hold] {
        var expired: [Hold] = []
        for hold in try openHolds(leasedBefore: deadline, limit: limit + live.count)
        where !live.contains(hold.id) {
            try countEnded(hold, charging: .zero, at: now)
            try returnParts(of: hold)
            expired.append(try resolve(hold, as: .expired, at: now))
        }
        return expired
    }

    /// Lets open holds stand until `lease`.
    ///
    /// Ended and unknown ones are passed over.
    package mutating func renewHolds(_ ids: Set<InferenceID>, until lease: Timestamp) throws {
        for id in ids {
            guard var hold = try hold(id), hold.state == .open else { continue }
            hold.lease = lease
            try save(hold)
        }
    }

    /// Refuses transfers that one of their accounts cannot count, before anything is written.
    ///
    /// - Throws: ``LedgerError/overflow(_:)``.
    package mutating func checkRoom(for transfers: [Transfer]) throws {
        for transfer in transfers {
            // With all that the account is to count, whichever of them comes first.
            var debits = try balance(of: transfer.debit).debits
            for other in transfers where other.debit == transfer.debit {
                guard let sum = debits.adding(other.amount) else {
                    throw LedgerError.overflow(transfer.debit)
                }
                debits = sum
            }
            var credits = try balance(of: transfer.credit).credits
            for other in transfers where other.credit == transfer.credit {
                guard let sum = credits.adding(other.amount) else {
                    throw LedgerError.overflow(transfer.credit)
                }
                credits = sum
            }
        }
    }

    private mutating func returnParts(of hold: Hold) throws {
        for part in hold.parts {
            let account = AccountID.customer(hold.customer, part.asset)
            try setBalance(
                try balance(of: account).releasing(part.amount, of: account),
                of: account,
            )
        }
    }

    private mutating func resolve(
        _ hold: Hold,
        as state: Hold.State,
        at now: Timestamp,
    ) throws -> Hold {
        var resolved = hold
        resolved.state = state
        resolved.resolvedAt = now
        try save(resolved)
        return resolved
    }
}
