import Deposits
import GatewayTestKit
import Ledger
import Primitives
import Receipts
import Withdrawals

extension AnyStore {
    /// Grants so much to `customer`; each asset once.
    func fund(_ customer: CustomerID, _ amount: Amount, _ asset: Asset = .usd) async throws {
        _ = try await write(.durable) {
            try $0.give(
                .sample("\(customer)-\(asset.rawValue)", to: customer, amount, asset),
                at: .second(0),
            )
        }
    }

    @discardableResult
    func place(
        _ id: InferenceID,
        of customer: CustomerID,
        _ amount: Amount,
        lease: Timestamp = .second(60),
        solRate: SOLRate? = nil,
    ) async throws -> Hold {
        try await write(.visible) {
            try $0.placeHold(.sample(id, of: customer, amount, lease: lease), solRate: solRate)
        }
    }

    func balance(of customer: CustomerID, _ asset: Asset = .usd) async throws -> Balance {
        try await read { try $0.balance(of: .customer(customer, asset)) }
    }

    /// Audits the ledger, the receipts, the deposits and the withdrawals.
    @discardableResult
    func audit() async throws -> Auditor {
        try await read { transaction in
            var receipts = ReceiptAuditor()
            try receipts.audit(&transaction)
            let auditor = try transaction.auditLedger(page: 3)
            var withdrawals = WithdrawalAuditor()
            try withdrawals.audit(&transaction, after: auditor, page: 2)
            var deposits = DepositAuditor()
            try deposits.audit(&transaction, after: auditor, beside: withdrawals.derived, page: 2)
            return auditor
        }
    }
}

extension Settlement {
    static func sample(price: Amount, cost: Amount) -> Settlement {
        Settlement(price: price, cost: cost, provider: "openai")
    }
}
