package import Primitives

/// Some or all of an inference's charge, to be given back.
package struct Refund: Hashable, Sendable {
    package let inference: InferenceID
    /// Micro-USD.
    package let amount: Amount
    package let reason: String

    package init(of inference: InferenceID, _ amount: Amount, reason: String) {
        self.inference = inference
        self.amount = amount
        self.reason = reason
    }
}

extension LedgerTransaction {
    /// Gives back up to what an inference was charged, once, out of the operator's margin.
    ///
    /// The money returns to the assets it was taken from, the one that was taken last first. The
    /// charge and its transfers stand as they are; the refund is new transfers. Giving the same
    /// refund again returns the hold unchanged.
    ///
    /// - Throws: ``LedgerError/holdNotFound(_:)``, ``LedgerError/refundExceedsCharge(charged:)``,
    ///   ``LedgerError/alreadyRefunded(_:)``, ``LedgerError/overflow(_:)``; nothing is written.
    package mutating func give(_ refund: Refund, at now: Timestamp) throws -> Hold {
        let hold = try check(refund)
        guard hold.refunded == nil, let chargedAt = hold.resolvedAt else { return hold }
        let transfers = hold.transfers(giving: refund, of: hold.charge, at: now)
        try checkRoom(for: transfers)
        try countRefunded(refund.amount, of: hold, chargedOn: chargedAt.day)
        for transfer in transfers { try post(transfer) }
        var refunded = hold
        refunded.refunded = refund.amount
        try save(refunded)
        return refunded
    }

    /// The hold of an inference, whose charge a refund gives back.
    ///
    /// - Throws: ``LedgerError/holdNotFound(_:)``.
    package mutating func refundable(_ inference: InferenceID) throws -> Hold {
        guard let hold = try hold(inference) else { throw LedgerError.holdNotFound(inference) }
        return hold
    }

    /// Whether a refund may be given, or was given before just so.
    ///
    /// - Throws: as ``give(_:at:)``.
    @discardableResult
    package mutating func check(_ refund: Refund) throws -> Hold {
        let hold = try refundable(refund.inference)
        if let refunded = hold.refunded, refunded != refund.amount {
            throw LedgerError.alreadyRefunded(refunded)
        }
        guard refund.amount > .zero, refund.amount <= hold.charge else {
            throw LedgerError.refundExceedsCharge(charged: hold.charge)
        }
        return hold
    }
}

extension Hold {
    /// What of `charge` was taken of each part, in the parts' order.
    private func shares(of charge: Amount) -> [Part] {
        var missing = charge
        return parts.map { part in
            if part.asset == .sol { return Part(asset: .sol, amount: lamports(of: charge)) }
            let taken = min(missing, part.amount)
            missing = missing.subtractingOrZero(taken)
            return Part(asset: part.asset, amount: taken)
        }
    }

    fileprivate func transfers(
        giving refund: Refund,
        of charge: Amount,
        at now: Timestamp,
    ) -> [Transfer] {
        var missing = refund.amount
        return shares(of: charge).reversed().compactMap { share in
            let amount =
                share.asset == .sol
                ? min(share.amount, lamports(of: refund.amount)) : min(missing, share.amount)
            missing = missing.subtractingOrZero(amount)
            guard amount > .zero else { return nil }
            return Transfer(
                id: TransferID("\(id)/\(TransferCode.refund.rawValue)/\(share.asset.rawValue)"),
                code: .refund,
                debit: AccountID(.revenue, share.asset),
                credit: .customer(customer, share.asset),
                amount: amount,
                cause: id.description,
                note: refund.reason,
                at: now,
            )
        }
    }
}
