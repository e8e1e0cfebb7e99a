package import Deposits
import Identity
import Ledger
package import Primitives
package import Watching

/// What operators do with deposits, and what customers ask about theirs.
package struct DepositDesk<Storage: GatewayStore>: Sendable {
    private let store: Storage
    private let chains: [WatchedChain]
    private let time: TimeSource
    /// How many deposits a page has at most.
    package static var largestPage: Int { 500 }

    package init(store: Storage, chains: [WatchedChain], time: TimeSource) {
        self.store = store
        self.chains = chains
        self.time = time
    }

    // MARK: Operators

    /// A page of all deposits, or of those in one state, in the order of their ids.
    ///
    /// - Throws: ``GatewayError/invalidParameter(_:)``.
    package func list(_ query: DepositQuery) async throws -> DepositListAnswer {
        let (stage, after, limit) = try query.checked()
        return try await store.read { transaction in
            let page = try transaction.deposits(in: stage, after: after, limit: limit + 1)
            let shown = page.prefix(limit)
            return DepositListAnswer(
                deposits: shown.map { DepositAnswer($0) },
                next: page.count > limit ? shown.last.map { "\($0.id)" } : nil,
            )
        }
    }

    /// A deposit with its steps.
    ///
    /// - Throws: ``GatewayError/invalidParameter(_:)``, `DepositError.depositNotFound`.
    package func show(_ id: String) async throws -> DepositAnswer {
        let id = try DepositDesk.id(id)
        return try await store.read { try $0.describe(id) }
    }

    /// Gives a deposit in suspense to a customer.
    ///
    /// - Throws: ``GatewayError/invalidParameter(_:)``, `DepositError`; nothing is written.
    package func assign(_ id: String, _ order: AssignmentOrder) async throws -> DepositAnswer {
        let (id, now) = (try DepositDesk.id(id), time.now())
        return try await store.write(.durable) { transaction in
            try transaction.assign(
                id,
                to: CustomerID(order.customer),
                by: order.operator ?? OperatorName.unnamed,
                at: now,
            )
            return try transaction.describe(id)
        }
    }

    /// Takes a deposit out of suspense for good.
    ///
    /// - Throws: ``GatewayError/invalidParameter(_:)``, `DepositError`; nothing is written.
    package func reject(_ id: String, _ order: RejectionOrder) async throws -> DepositAnswer {
        let (id, now) = (try DepositDesk.id(id), time.now())
        guard !order.reason.isEmpty else { throw GatewayError.invalidParameter("reason") }
        return try await store.write(.durable) { transaction in
            try transaction.reject(
                id,
                reason: order.reason,
                by: order.operator ?? OperatorName.unnamed,
                at: now,
            )
            return try transaction.describe(id)
        }
    }

    private static func id(_ text: String) throws(GatewayError) -> DepositID {
        guard let id = DepositID(text) else { throw .invalidParameter("deposit") }
        return id
    }

    // MARK: Customers

    /// Reads a transaction at once, because a customer says that it pays with it.
    ///
    /// Where no chain is named, every chain is looked at whose transactions are named so.
    ///
    /// - Throws: ``GatewayError/invalidParameter(_:)``, ``GatewayError/transactionNotFound(_:)``,
    ///   ``GatewayError/transactionWithoutDeposit(_:)``, ``GatewayError/transactionBeforeWatch(_:)``, `RPCFailure`, `StoreError`.
    /// - Returns: the deposits in it, whosever they are.
    package func claim(_ transaction: String, on chain: String?) async throws -> [DepositOutcome] {
        guard DepositID.isTransaction(transaction) else {
            throw GatewayError.invalidParameter("txHash")
        }
        let asked = chains.filter { chain == nil || $0.rail.chain == chain }
        guard chain == nil || !asked.isEmpty else { throw GatewayError.invalidParameter("chain") }
        var (failure, isKnown) = (nil as (any Error)?, false)
        for chain in asked {
            do {
                switch try await chain.claim(transaction) {
                case .deposits(let outcomes): return outcomes
                case .noDeposit: isKnown = true
                case .tooEarly: throw GatewayError.transactionBeforeWatch(transaction)
                case .notFound: continue
                }
            } catch let error as RPCFailure {
                // Another chain may have it.
                failure = error
            }
        }
        if isKnown { throw GatewayError.transactionWithoutDeposit(transaction) }
        throw failure ?? GatewayError.transactionNotFound(transaction)
    }

    // MARK: Solvency

    /// What each treasury has by its chain's word, beside what the books say that we hold there.
    package func solvency() async throws -> [String: [String: RailFigures]] {
        var rails: [String: [String: RailFigures]] = [:]
        for chain in chains {
            let held = try? await chain.holdings()
            for coin in chain.rail.coins {
                let account = AccountID(.custody(chain.rail.chain), coin.asset)
                let custody = try await store.read { try $0.balance(of: account) }
                rails[chain.rail.chain, default: [:]][coin.asset.rawValue] = RailFigures(
                    // What customers have paid in stands on the debit side.
                    custody: -custody.posted,
                    onChain: held?[coin.asset]?.units,
                )
            }
        }
        return rails
    }
}

extension DepositTransaction {
    fileprivate mutating func describe(_ id: DepositID) throws -> DepositAnswer {
        guard let deposit = try deposit(id) else { throw DepositError.depositNotFound(id) }
        return DepositAnswer(deposit, steps: try steps(of: id))
    }
}
