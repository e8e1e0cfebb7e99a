package import Deposits
package import Identity
package import Ledger
package import Pricing
package import Primitives
package import Receipts
package import Withdrawals

/// Everything that the one transaction type of a store can do.
package typealias EverySlice = LedgerTransaction & LedgerReading & ReceiptTransaction
    & ReceiptReading & IdentityTransaction & RateCardTransaction & DepositWatchTransaction
    & WithdrawalTransaction
    & WithdrawalReading

/// Some store, so that one test can run over each of them.
package struct AnyStore: Store {
    package typealias Transaction = any EverySlice

    private let base: any ErasedStore

    package init<Base: Store>(_ base: Base) where Base.Transaction: EverySlice {
        self.base = Erased(base: base)
    }

    package func write<Outcome: Sendable>(
        _ durability: Durability,
        _ body: @escaping @Sendable (inout any EverySlice) throws -> Outcome,
    ) async throws -> Outcome { try await base.write(durability, body) }

    package func read<Outcome: Sendable>(
        _ body: @escaping @Sendable (inout any EverySlice) throws -> Outcome
    ) async throws -> Outcome { try await base.read(body) }
}

private protocol ErasedStore: Sendable {
    func write<Outcome: Sendable>(
        _ durability: Durability,
        _ body: @escaping @Sendable (inout any EverySlice) throws -> Outcome,
    ) async throws -> Outcome

    func read<Outcome: Sendable>(
        _ body: @escaping @Sendable (inout any EverySlice) throws -> Outcome
    ) async throws -> Outcome
}

private struct Erased<Base: Store>: ErasedStore where Base.Transaction: EverySlice {
    let base: Base

    func write<Outcome: Sendable>(
        _ durability: Durability,
        _ body: @escaping @Sendable (inout any EverySlice) throws -> Outcome,
    ) async throws -> Outcome {
        try await base.write(durability) { try Erased.run(body, on: &$0) }
    }

    func read<Outcome: Sendable>(
        _ body: @escaping @Sendable (inout any EverySlice) throws -> Outcome
    ) async throws -> Outcome {
        try await base.read { try Erased.run(body, on: &$0) }
    }

    /// Lends the transaction to `body` in a box and takes it back, however the body ends.
    private static func run<Outcome>(
        _ body: (inout any EverySlice) throws -> Outcome,
        on transaction: inout Base.Transaction,
    ) throws -> Outcome {
        var box: any EverySlice = transaction
        defer { if let back = box as? Base.Transaction { transaction = back } }
        return try body(&box)
    }
}
