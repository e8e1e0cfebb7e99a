package import Primitives

/// Credit that the operator gives.
package struct Grant: Hashable, Sendable {
    /// Chosen by the operator; the same id credits once.
    package let id: String
    package let customer: CustomerID
    package let asset: Asset
    package let amount: Amount
    package let reason: String

    package init(id: String, customer: CustomerID, asset: Asset, amount: Amount, reason: String) {
        self.id = id
        self.customer = customer
        self.asset = asset
        self.amount = amount
        self.reason = reason
    }
}

extension Grant {
    /// The transfer that credits it, against `promotion`.
    package func transfer(at now: Timestamp) -> Transfer {
        Transfer(
            id: TransferID("grant/\(id)"),
            code: .grant,
            debit: AccountID(.promotion, asset),
            credit: .customer(customer, asset),
            amount: amount,
            cause: "grant/\(id)",
            note: reason,
            at: now,
        )
    }
}

extension LedgerTransaction {
    /// Credits a grant.
    ///
    /// Granting the same id again returns the first transfer.
    ///
    /// - Throws: ``LedgerError/transferExistsWithDifferentContent(_:)``,
    ///   ``LedgerError/overflow(_:)``; nothing is written.
    package mutating func give(_ grant: Grant, at now: Timestamp) throws -> Transfer {
        try post(grant.transfer(at: now))
    }
}
