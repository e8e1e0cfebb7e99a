package import Deposits
package import Identity
package import Ledger
package import Pricing
package import Primitives
package import Receipts
package import Withdrawals

/// Every slice of a store's transaction that the gateway uses.
package typealias GatewayTransaction =
    LedgerTransaction & LedgerReading & ReceiptTransaction & ReceiptReading & IdentityTransaction
    & RateCardTransaction & DepositWatchTransaction & WithdrawalTransaction & WithdrawalReading

/// A store that the gateway can run on.
package protocol GatewayStore: Store where Transaction: GatewayTransaction {}
