package import Primitives

/// What one account's transfers and open holds add up to.
package struct Balance: Hashable, Sendable {
    /// Everything ever credited to the account.
    package var credits: Amount
    /// Everything ever debited from it.
    package var debits: Amount
    /// What its open holds reserve.
    package var held: Amount

    package static let zero = Balance()

    package init(credits: Amount = .zero, debits: Amount = .zero, held: Amount = .zero) {
        self.credits = credits
        self.debits = debits
        self.held = held
    }

    /// Credits less debits; negative where the account stands in debit.
    package var posted: Int64 { credits.units - debits.units }

    /// What may still be held: posted money that no hold has reserved.
    ///
    /// Never negative for an account that the rules have touched.
    package var available: Amount { Amount(max(0, posted - held.units)) }
}
