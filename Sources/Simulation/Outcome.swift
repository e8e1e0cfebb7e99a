import Ledger

/// How an event ended, in words that the ledger and the oracle share.
package enum Outcome: Hashable, Sendable {
    case done
    /// As it was before, because it had happened already.
    case same
    /// How many holds expired.
    case expired(Int)
    case refused(String)
    /// How a deposit stands, in words.
    case deposit(String)
    /// How a withdrawal stands, in one word.
    case withdrawal(String)
}

extension Outcome {
    init(_ error: LedgerError) {
        switch error {
        case .insufficientFunds(let available, let needed):
            self = .refused("insufficient_funds \(available) \(needed)")
        case .budgetExceeded(let window, let remaining, let needed):
            self = .refused("budget_exceeded \(window.rawValue) \(remaining) \(needed)")
        case .refundExceedsCharge(let charged):
            self = .refused("refund_exceeds_charge \(charged)")
        case .alreadyRefunded(let amount): self = .refused("already_refunded \(amount)")
        case .holdNotFound, .holdExistsWithDifferentContent, .holdAlreadyResolved,
            .transferExistsWithDifferentContent, .overdraft, .overflow:
            self = .refused(error.code)
        }
    }
}
