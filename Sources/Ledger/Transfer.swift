package import Primitives

/// What a ``TransferID`` names.
package enum TransferSubject {}
package typealias TransferID = Identifier<TransferSubject>

/// Why money moved.
///
/// The raw values are stored and printed; they are never renamed.
package enum TransferCode: String, CaseIterable, Hashable, Sendable {
    /// Money that arrived: custody → customer, or → suspense where it matches nobody.
    case deposit
    /// A deposit whose owner was found: suspense → customer.
    case assignment
    /// A deposit that left its chain: customer → suspense, and overrun → suspense for what the
    /// customer has not got any more.
    case reversal
    /// A deposit that came back: suspense → overrun, and suspense → customer.
    case restoration
    /// A deposit that was refused: suspense → payout, or → custody if it left its chain.
    case rejection
    /// Credit the operator gives: promotion → customer.
    case grant
    /// The part of a charge that is owed to the provider: customer → provider.
    case cost
    /// The rest of a charge: customer → revenue.
    case margin
    /// Cost of usage beyond its hold: overrun → provider.
    case overrunCost = "overrun_cost"
    /// Margin on usage beyond its hold, booked and borne at once: overrun → revenue.
    case overrunMargin = "overrun_margin"
    /// A charge given back, in part or whole: revenue → customer.
    case refund
    /// Money that a customer takes back: customer → payout.
    case withdrawal
    /// It stayed: payout → customer.
    case withdrawalReturn = "withdrawal_return"
    /// It left the treasury: payout → custody.
    case payment
    /// What a chain took from the treasury for that, borne by the operator: overrun → custody.
    case networkFee = "network_fee"
}

extension TransferCode {
    /// Whether it moves the money of a deposit, and the transfer's cause is one.
    package var movesDeposits: Bool {
        switch self {
        case .deposit, .assignment, .reversal, .restoration, .rejection: true
        case .grant, .cost, .margin, .overrunCost, .overrunMargin, .refund, .withdrawal,
            .withdrawalReturn, .payment, .networkFee:
            false
        }
    }

    /// Whether it moves the money of a withdrawal, and the transfer's cause is one.
    package var movesWithdrawals: Bool {
        switch self {
        case .withdrawal, .withdrawalReturn, .payment, .networkFee: true
        case .deposit, .assignment, .reversal, .restoration, .rejection, .grant, .cost, .margin,
            .overrunCost, .overrunMargin, .refund:
            false
        }
    }
}

/// An immutable movement of an amount between two accounts of one asset.
package struct Transfer: Hashable, Sendable {
    /// Chosen by whoever asks for the transfer; the same id moves money once.
    package let id: TransferID
    package let code: TransferCode
    package let debit: AccountID
    package let credit: AccountID
    package let amount: Amount
    /// The id of what caused it: an inference, a grant, a deposit.
    package let cause: String
    /// A sentence for people, such as a grant's reason; may be empty.
    package let note: String
    package let at: Timestamp

    /// - Precondition: both accounts count the same asset and differ; the amount is not zero.
    package init(
        id: TransferID,
        code: TransferCode,
        debit: AccountID,
        credit: AccountID,
        amount: Amount,
        cause: String,
        note: String = "",
        at: Timestamp,
    ) {
        precondition(debit.asset == credit.asset, "a transfer stays within one asset")
        precondition(debit != credit, "a transfer moves money between two accounts")
        precondition(amount > .zero, "a transfer moves something")
        self.id = id
        self.code = code
        self.debit = debit
        self.credit = credit
        self.amount = amount
        self.cause = cause
        self.note = note
        self.at = at
    }

    package var asset: Asset { debit.asset }

    /// Whether `other` asks for the same movement, whenever it was asked.
    package func isSameMovement(as other: Transfer) -> Bool {
        id == other.id && code == other.code && debit == other.debit && credit == other.credit
            && amount == other.amount && cause == other.cause
    }
}
