import Deposits
import Ledger
package import Primitives
import Watching
import Withdrawals

/// What customers ask of their money, and what operators decide about it.
package struct WithdrawalDesk<Storage: GatewayStore>: Sendable {
    private let store: Storage
    /// The chains that money goes out on.
    private let rails: [DepositRail]
    private let policy: WithdrawalPolicy
    private let solRate: SOLRate?
    private let time: TimeSource

    /// For operators alone, who ask for nothing themselves.
    package init(store: Storage, time: TimeSource) {
        self.init(store: store, rails: [], policy: WithdrawalPolicy(), solRate: nil, time: time)
    }

    init(
        store: Storage,
        rails: [DepositRail],
        policy: WithdrawalPolicy,
        solRate: SOLRate?,
        time: TimeSource,
    ) {
        self.store = store
        self.rails = rails
        self.policy = policy
        self.solRate = solRate
        self.time = time
    }

    // MARK: Customers

    /// Takes a customer's order; the same one again tells what became of it.
    ///
    /// - Throws: ``GatewayError/withdrawalsOff``, ``GatewayError/invalidParameter(_:)``, `WithdrawalError`;
    ///   nothing is written.
    func request(
        _ asked: WithdrawalRequest,
        of customer: CustomerID,
    ) async throws -> WithdrawalAnswer {
        guard !rails.isEmpty else { throw GatewayError.withdrawalsOff }
        let order = try order(asked, of: customer)
        let now = time.now()
        return try await store.write(.durable) { transaction in
            let withdrawal = try transaction.withdraw(order, at: now)
            return WithdrawalAnswer(withdrawal, steps: try transaction.steps(of: withdrawal.id))
        }
    }

    private func order(
        _ asked: WithdrawalRequest,
        of customer: CustomerID,
    ) throws(GatewayError) -> Withdrawal.Order {
        guard let rail = rails.first(where: { $0.chain == asked.chain }) else {
            throw .invalidParameter("chain")
        }
        guard let coin = rail.coins.first(where: { $0.asset.rawValue == asked.asset }) else {
            throw .invalidParameter("asset")
        }
        guard let id = WithdrawalID(customer: customer, name: asked.id) else {
            throw .invalidParameter("id")
        }
        // The wallet's own name; for which chain a contract's counts, its binding says.
        guard let wallet = Wallet(asked.wallet), wallet.isPlain, rail.hasWallet(wallet) else {
            throw .invalidParameter("wallet")
        }
        let units = DecimalText.units(of: asked.amount, decimals: coin.asset.decimals)
        guard let units, units > 0 else { throw .invalidParameter("amount") }
        let amount = Amount(units)
        // What nobody can value is not taken: it would wait for ever.
        guard let worth = policy.worth(amount, coin.asset, solRate), worth >= policy.minimum else {
            throw .withdrawalTooSmall(policy.minimum)
        }
        return Withdrawal.Order(
            id: id,
            chain: rail.chain,
            asset: coin.asset,
            amount: amount,
            wallet: wallet,
        )
    }

    /// A page of a customer's own, in the order of their names.
    func list(of customer: CustomerID, after name: String?) async throws -> WithdrawalListAnswer {
        let after = try name.map { name throws(GatewayError) in
            guard let id = WithdrawalID(customer: customer, name: name) else {
                throw .invalidParameter("after")
            }
            return id
        }
        return try await page(of: customer, in: nil, after: after, limit: 50)
    }

    /// One of a customer's own.
    ///
    /// - Throws: ``GatewayError/invalidParameter(_:)``, `WithdrawalError.withdrawalNotFound`.
    func show(_ name: String, of customer: CustomerID) async throws -> WithdrawalAnswer {
        try await show(try Self.id(customer, name))
    }

    /// Stops a customer's own, where it is not signed for yet.
    ///
    /// - Throws: ``GatewayError/invalidParameter(_:)``, `WithdrawalError`; nothing is written.
    func cancel(_ name: String, of customer: CustomerID) async throws -> WithdrawalAnswer {
        try await reject(try Self.id(customer, name), "cancelled", by: .customer)
    }

    // MARK: Operators

    /// A page of all withdrawals, or of those in one state, in the order of their ids.
    ///
    /// - Throws: ``GatewayError/invalidParameter(_:)``.
    package func list(_ query: WithdrawalQuery) async throws -> WithdrawalListAnswer {
        let (stage, after, limit) = try query.checked()
        return try await page(of: nil, in: stage, after: after, limit: limit)
    }

    /// A withdrawal with its steps.
    ///
    /// - Throws: ``GatewayError/invalidParameter(_:)``, `WithdrawalError.withdrawalNotFound`.
    package func show(_ id: String) async throws -> WithdrawalAnswer {
        try await show(try Self.id(id))
    }

    /// Lets a withdrawal go out: one that waits, failed or was given up.
    ///
    /// - Throws: ``GatewayError/invalidParameter(_:)``, `WithdrawalError`; nothing is written.
    package func approve(_ id: String, _ order: ApprovalOrder) async throws -> WithdrawalAnswer {
        let (id, now) = (try Self.id(id), time.now())
        return try await store.write(.durable) { transaction in
            let approved = try transaction.approve(
                id,
                by: .named(order.operator ?? OperatorName.unnamed),
                at: now,
            )
            return WithdrawalAnswer(approved, steps: try transaction.steps(of: id))
        }
    }

    /// Gives the money back to its customer.
    ///
    /// - Throws: ``GatewayError/invalidParameter(_:)``, `WithdrawalError`; nothing is written.
    package func reject(_ id: String, _ order: RejectionOrder) async throws -> WithdrawalAnswer {
        guard !order.reason.isEmpty else { throw GatewayError.invalidParameter("reason") }
        let name = order.operator ?? OperatorName.unnamed
        return try await reject(try Self.id(id), order.reason, by: .named(name))
    }

    /// Takes an operator's word that what was signed for a withdrawal will never land.
    ///
    /// - Throws: ``GatewayError/invalidParameter(_:)``, `WithdrawalError`; nothing is written.
    package func giveUp(_ id: String, _ order: RejectionOrder) async throws -> WithdrawalAnswer {
        guard !order.reason.isEmpty else { throw GatewayError.invalidParameter("reason") }
        let actor = StepActor.named(order.operator ?? OperatorName.unnamed)
        let (id, now) = (try Self.id(id), time.now())
        return try await store.write(.durable) { transaction in
            let givenUp = try transaction.giveUp(id, reason: order.reason, by: actor, at: now)
            return WithdrawalAnswer(givenUp, steps: try transaction.steps(of: id))
        }
    }

    // MARK: Both

    private func page(
        of customer: CustomerID?,
        in stage: WithdrawalStage?,
        after: WithdrawalID?,
        limit: Int,
    ) async throws -> WithdrawalListAnswer {
        let page = try await store.read {
            try $0.withdrawals(of: customer, in: stage, after: after, limit: limit + 1)
        }
        let shown = page.prefix(limit)
        let last = page.count > limit ? shown.last?.id : nil
        return WithdrawalListAnswer(
            withdrawals: shown.map { WithdrawalAnswer($0) },
            next: customer == nil ? last.map { "\($0)" } : last?.name,
        )
    }

    private func show(_ id: WithdrawalID) async throws -> WithdrawalAnswer {
        try await store.read { transaction in
            guard let withdrawal = try transaction.withdrawal(id) else {
                throw WithdrawalError.withdrawalNotFound(id)
            }
            return WithdrawalAnswer(withdrawal, steps: try transaction.steps(of: id))
        }
    }

    private func reject(
        _ id: WithdrawalID,
        _ reason: String,
        by actor: StepActor,
    ) async throws -> WithdrawalAnswer {
        let now = time.now()
        return try await store.write(.durable) { transaction in
            let rejected = try transaction.reject(id, reason: reason, by: actor, at: now)
            return WithdrawalAnswer(rejected, steps: try transaction.steps(of: id))
        }
    }

    private static func id(_ text: String) throws(GatewayError) -> WithdrawalID {
        guard let id = WithdrawalID(text) else { throw .invalidParameter("withdrawal") }
        return id
    }

    private static func id(
        _ customer: CustomerID,
        _ name: String,
    ) throws(GatewayError) -> WithdrawalID {
        guard let id = WithdrawalID(customer: customer, name: name) else {
            throw .invalidParameter("withdrawal")
        }
        return id
    }
}
