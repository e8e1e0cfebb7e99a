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

extension LedgerTransaction {
    /// Credits a grant against `promotion`.
    ///
    /// Granting the same id again returns the first transfer.
    ///
    /// - Throws: ``LedgerError/transferExistsWithDifferentContent(_:)``,
    ///   ``LedgerError/overflow(_:)``; nothing is written.
    package mutating func give(_ grant: Grant, at now: Timestamp) throws -> Transfer {
        try post(
            Transfer(
                id: TransferID("grant/\(grant.id)"),
                code: .grant,
                debit: AccountID(.promotion, grant.asset),
                credit: .customer(grant.customer, grant.asset),
                amount: grant.amount,
                cause: "grant/\(grant.id)",
                note: grant.reason,
                at: now,
            )
        )
    }
}
