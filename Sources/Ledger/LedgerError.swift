package import Primitives

/// Why the ledger refused; nothing was written.
package enum LedgerError: Failure, Hashable {
    /// The balance does not cover the hold. Micro-USD.
    case insufficientFunds(available: Amount, needed: Amount)
    case holdNotFound(InferenceID)
    case holdExistsWithDifferentContent(InferenceID)
    case holdAlreadyResolved(InferenceID)
    case captureExceedsHold(held: Amount)
    case transferExistsWithDifferentContent(TransferID)
    /// The transfer would take a customer's account below what it has available.
    case overdraft(AccountID)
    /// A sum does not fit in 64 bits.
    case overflow(AccountID)

    package var code: String {
        switch self {
        case .insufficientFunds: "insufficient_funds"
        case .holdNotFound: "hold_not_found"
        case .holdExistsWithDifferentContent: "hold_exists_with_different_content"
        case .holdAlreadyResolved: "hold_already_resolved"
        case .captureExceedsHold: "capture_exceeds_hold"
        case .transferExistsWithDifferentContent: "transfer_exists_with_different_content"
        case .overdraft: "overdraft"
        case .overflow: "amount_overflow"
        }
    }

    package var kind: FailureKind {
        switch self {
        case .insufficientFunds: .paymentRequired
        case .holdNotFound: .notFound
        case .holdExistsWithDifferentContent, .holdAlreadyResolved,
            .transferExistsWithDifferentContent:
            .conflict
        case .captureExceedsHold, .overdraft: .broken
        case .overflow: .malformed
        }
    }

    package var message: String {
        switch self {
        case .insufficientFunds(let available, let needed):
            "needs \(DecimalText.text(needed.units, decimals: 6)) USD, "
                + "\(DecimalText.text(available.units, decimals: 6)) available"
        case .holdNotFound(let id): "There is no hold \(id)."
        case .holdExistsWithDifferentContent(let id):
            "The hold \(id) exists with other content."
        case .holdAlreadyResolved(let id): "The hold \(id) has ended already."
        case .captureExceedsHold(let held): "A capture takes at most the \(held) held."
        case .transferExistsWithDifferentContent(let id):
            "\(id) was used before with other content."
        case .overdraft(let account): "\(account) does not have that much available."
        case .overflow(let account): "\(account) cannot count that much."
        }
    }
}
