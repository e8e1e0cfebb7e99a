package import Primitives

/// Why a deposit was not touched; nothing was written.
package enum DepositError: Failure, Hashable {
    case depositNotFound(DepositID)
    /// Only what waits in suspense can be assigned or rejected.
    case depositNotSuspended(DepositStage)
    /// It went to another customer before.
    case depositCreditedToAnother
    /// An event that moves nothing is no deposit.
    case depositIsEmpty
    case depositCustomerNotFound
    /// A wallet stays whose it was proven to be first.
    case walletBoundToAnother

    package var code: String {
        switch self {
        case .depositNotFound: "deposit_not_found"
        case .depositNotSuspended: "deposit_not_suspended"
        case .depositCreditedToAnother: "deposit_credited_to_another"
        case .depositIsEmpty: "deposit_is_empty"
        case .depositCustomerNotFound: "deposit_customer_not_found"
        case .walletBoundToAnother: "wallet_bound_to_another"
        }
    }

    package var kind: FailureKind {
        switch self {
        case .depositNotFound, .depositCustomerNotFound: .notFound
        case .depositNotSuspended, .depositCreditedToAnother, .walletBoundToAnother: .conflict
        case .depositIsEmpty: .malformed
        }
    }

    package var message: String {
        switch self {
        case .depositNotFound(let id): "There is no deposit \(id)."
        case .depositNotSuspended(let stage):
            "The deposit is \(stage.rawValue); only what waits in suspense is decided."
        case .depositCreditedToAnother: "The deposit was credited to another customer."
        case .depositIsEmpty: "A deposit moves more than nothing."
        case .depositCustomerNotFound: "There is no such customer."
        case .walletBoundToAnother: "The wallet is another customer's."
        }
    }
}
