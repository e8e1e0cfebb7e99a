import Deposits
package import Primitives

/// Why a withdrawal was not touched; nothing was written.
package enum WithdrawalError: Failure, Hashable {
    case withdrawalNotFound(WithdrawalID)
    /// The name was used before, for another order.
    case withdrawalExistsWithDifferentContent(WithdrawalID)
    /// The wallet was not proven to be the customer's on that chain.
    case walletNotProven
    /// In the asset's smallest unit.
    case nothingToWithdraw(Asset, available: Amount)
    /// What it is does not allow what is asked.
    case withdrawalIs(WithdrawalStage)
    /// The transaction was signed for another withdrawal, and pays one alone.
    case transactionIsAnothers(String)

    package var code: String {
        switch self {
        case .withdrawalNotFound: "withdrawal_not_found"
        case .withdrawalExistsWithDifferentContent: "withdrawal_exists_with_different_content"
        case .walletNotProven: "wallet_not_proven"
        case .nothingToWithdraw: "insufficient_withdrawable"
        case .withdrawalIs: "withdrawal_in_another_state"
        case .transactionIsAnothers: "transaction_is_anothers"
        }
    }

    package var kind: FailureKind {
        switch self {
        case .withdrawalNotFound: .notFound
        case .withdrawalExistsWithDifferentContent, .withdrawalIs, .transactionIsAnothers: .conflict
        case .walletNotProven: .forbidden
        case .nothingToWithdraw: .paymentRequired
        }
    }

    package var message: String {
        switch self {
        case .withdrawalNotFound(let id): "There is no withdrawal \(id)."
        case .withdrawalExistsWithDifferentContent(let id):
            "The withdrawal \(id) exists with other content."
        case .walletNotProven:
            "The wallet is not proven to be yours on that chain; sign in with it first."
        case .nothingToWithdraw(let asset, let available):
            "At most \(DecimalText.text(available.units, decimals: asset.decimals)) "
                + "\(asset.rawValue) can be withdrawn: what was paid in and is not spent or held."
        case .withdrawalIs(let stage): "The withdrawal is \(stage.rawValue)."
        case .transactionIsAnothers(let name): "The transaction \(name) pays another withdrawal."
        }
    }
}
