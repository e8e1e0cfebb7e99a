package import Primitives

/// Why the ledger refused; nothing was written.
package enum LedgerError: Failure, Hashable {
    /// The balance does not cover the hold. Micro-USD.
    case insufficientFunds(available: Amount, needed: Amount)
    /// A limit above the balance does not cover the hold. Micro-USD.
    case budgetExceeded(BudgetWindow, remaining: Amount, needed: Amount)
    case holdNotFound(InferenceID)
    case holdExistsWithDifferentContent(InferenceID)
    case holdAlreadyResolved(InferenceID)
    /// A refund gives back at most what was charged. Micro-USD.
    case refundExceedsCharge(charged: Amount)
    /// The inference was refunded before, by another amount. Micro-USD.
    case alreadyRefunded(Amount)
    case transferExistsWithDifferentContent(TransferID)
    /// The transfer would take a customer's account below what it has available.
    case overdraft(AccountID)
    /// A sum does not fit in 64 bits.
    case overflow(AccountID)

    package var code: String {
        switch self {
        case .insufficientFunds: "insufficient_funds"
        case .budgetExceeded: "budget_exceeded"
        case .holdNotFound: "hold_not_found"
        case .holdExistsWithDifferentContent: "hold_exists_with_different_content"
        case .holdAlreadyResolved: "hold_already_resolved"
        case .refundExceedsCharge: "refund_exceeds_charge"
        case .alreadyRefunded: "already_refunded"
        case .transferExistsWithDifferentContent: "transfer_exists_with_different_content"
        case .overdraft: "overdraft"
        case .overflow: "amount_overflow"
        }
    }

    package var kind: FailureKind {
        switch self {
        case .insufficientFunds, .budgetExceeded: .paymentRequired
        case .holdNotFound: .notFound
        case .holdExistsWithDifferentContent, .holdAlreadyResolved,
            .transferExistsWithDifferentContent, .alreadyRefunded:
            .conflict
        case .overdraft: .broken
        case .overflow, .refundExceedsCharge: .malformed
        }
    }

    package var message: String {
        switch self {
        case .insufficientFunds(let available, let needed):
            "needs \(DecimalText.text(needed.units, decimals: 6)) USD, "
                + "\(DecimalText.text(available.units, decimals: 6)) available"
        case .budgetExceeded(let window, let remaining, let needed):
            "needs \(DecimalText.text(needed.units, decimals: 6)) USD, the key's "
                + "\(window.rawValue) limit leaves \(DecimalText.text(remaining.units, decimals: 6))"
        case .holdNotFound(let id): "There is no hold \(id)."
        case .holdExistsWithDifferentContent(let id):
            "The hold \(id) exists with other content."
        case .holdAlreadyResolved(let id): "The hold \(id) has ended already."
        case .refundExceedsCharge(let charged):
            "A refund gives back at most the \(DecimalText.text(charged.units, decimals: 6)) USD "
                + "charged."
        case .alreadyRefunded(let amount):
            "\(DecimalText.text(amount.units, decimals: 6)) USD were refunded already."
        case .transferExistsWithDifferentContent(let id):
            "\(id) was used before with other content."
        case .overdraft(let account): "\(account) does not have that much available."
        case .overflow(let account): "\(account) cannot count that much."
        }
    }
}
