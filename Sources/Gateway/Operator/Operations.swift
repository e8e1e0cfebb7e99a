import Identity
import Ledger
package import Pricing
package import Primitives
import Receipts
import Withdrawals

/// What an operator does to the books, from the command line or over HTTP.
package struct Operations<Storage: GatewayStore>: Sendable {
    private let store: Storage
    private let rates: RateBook
    private let time: TimeSource

    package init(store: Storage, rates: RateBook, time: TimeSource) {
        self.store = store
        self.rates = rates
        self.time = time
    }

    // MARK: Grants

    /// Credits a grant; the same id with the same content credits once.
    ///
    /// - Throws: ``GatewayError/invalidParameter(_:)``, ``IdentityError/customerNotFound``,
    ///   ``LedgerError``; nothing is written.
    package func grant(_ order: GrantOrder) async throws -> GrantAnswer {
        let grant = try await grant(of: order)
        let (now, isDry) = (time.now(), order.dryRun ?? false)
        if isDry {
            return try await store.read { transaction in
                guard try transaction.customer(grant.customer) != nil else {
                    throw IdentityError.customerNotFound
                }
                let transfer = try transaction.check(grant.transfer(at: now))
                let balance = try transaction.funds(of: grant.customer, solRate: nil).dollars
                return GrantAnswer(transfer, grant, balance: balance)
            }
        }
        return try await store.write(.durable) { transaction in
            guard try transaction.customer(grant.customer) != nil else {
                throw IdentityError.customerNotFound
            }
            let transfer = try transaction.give(grant, at: now)
            let balance = try transaction.funds(of: grant.customer, solRate: nil).dollars
            return GrantAnswer(transfer, grant, balance: balance)
        }
    }

    private func grant(of order: GrantOrder) async throws -> Grant {
        let (asset, amount) = try order.checkedAmount()
        guard !order.id.isEmpty, order.id.utf8.count <= 255 else {
            throw GatewayError.invalidParameter("id")
        }
        let customer: CustomerID
        switch (order.customer, order.apiToken) {
        case (let id?, nil): customer = CustomerID(id)
        case (nil, let token?):
            let now = time.now()
            customer = try await store.read {
                try $0.authenticate(Secret(presented: token), at: now).customer
            }
        case (nil, nil), (.some, .some):
            throw GatewayError.invalidParameter("one of customer and api_token")
        }
        return Grant(
            id: order.id,
            customer: customer,
            asset: asset,
            amount: amount,
            reason: order.reason ?? "",
        )
    }

    // MARK: Refunds

    /// Gives back some or all of what an inference was charged, once.
    ///
    /// - Throws: ``GatewayError/invalidParameter(_:)``, ``LedgerError``; nothing is written.
    package func refund(_ order: RefundOrder) async throws -> RefundAnswer {
        let (now, isDry) = (time.now(), order.dryRun ?? false)
        let amount = try order.checkedAmount()
        let (id, reason) = (InferenceID(order.inference), order.reason ?? "")
        let give: @Sendable (inout Storage.Transaction) throws -> RefundAnswer = { transaction in
            guard try transaction.hold(id) != nil else { throw GatewayError.receiptNotFound }
            let hold = try transaction.refundable(id)
            let refund = Refund(of: id, amount ?? hold.charge, reason: reason)
            if isDry {
                try transaction.check(refund)
            } else {
                _ = try transaction.give(refund, at: now)
            }
            let balance = try transaction.funds(of: hold.customer, solRate: nil).dollars
            return RefundAnswer(hold, refund.amount, balance: balance)
        }
        return isDry ? try await store.read(give) : try await store.write(.durable, give)
    }

    // MARK: Rates and figures

    /// Checks and publishes a card; it is in force for every request from now on.
    ///
    /// - Throws: ``RateCardError``; nothing is written.
    @discardableResult
    package func publish(_ draft: RateCardDraft) async throws -> RatesAnswer {
        let card = try draft.published()
        let now = time.now()
        try await store.write(.durable) { try $0.publishOnce(card, at: now) }
        rates.replace(with: card)
        return RatesAnswer(rateCard: card.version)
    }

    /// Every account's debits and credits, summed by kind and asset.
    package func trialBalance() async throws -> TrialBalance {
        TrialBalance(try await store.read { try $0.totals() })
    }

    /// The operator's figures, with what each chain's treasury has.
    package func figures(
        rails: [String: [String: RailFigures]]
    ) async throws -> OperatorFigures {
        try await store.read { transaction in
            let counts = try transaction.identityCounts()
            return OperatorFigures(
                try transaction.totals(),
                reversed: try transaction.reversedOfCustomers(),
                withdrawals: try transaction.withdrawalTotals(),
                openHolds: try transaction.openHoldCount(),
                customers: counts.customers,
                keys: counts.keys,
                rails: rails,
            )
        }
    }
}
