package import Identity
import Ledger
package import Pricing
package import Primitives

/// What an operator does to the books and the keys, from the command line or over HTTP.
package struct Operations<Storage: GatewayStore>: Sendable {
    private let store: Storage
    private let rates: RateBook
    private let time: TimeSource
    private let identifiers: IdentifierSource

    package init(
        store: Storage,
        rates: RateBook,
        time: TimeSource,
        identifiers: IdentifierSource,
    ) {
        self.store = store
        self.rates = rates
        self.time = time
        self.identifiers = identifiers
    }

    /// Registers a customer with a first key.
    ///
    /// The secret is returned once and not stored.
    package func register() async throws -> (Customer, Secret) {
        let now = time.now()
        let customer = Customer(
            id: identifiers.next("cus"),
            depositCode: identifiers.secret(bytes: 16),
            label: "",
            createdAt: now,
        )
        let (key, secret) = newKey(of: customer.id, at: now)
        try await store.write(.durable) { try $0.register(customer, key) }
        return (customer, secret)
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
                let balance = try transaction.funds(of: grant.customer, solRate: nil).dollars
                return GrantAnswer(grant.transfer(at: now), grant, balance: balance)
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
        guard let asset = Asset(rawValue: order.asset ?? "usd") else {
            throw GatewayError.invalidParameter("asset")
        }
        guard let units = DecimalText.units(of: order.amount, decimals: asset.decimals), units > 0
        else { throw GatewayError.invalidParameter("amount") }
        guard !order.id.isEmpty, order.id.utf8.count <= 255 else {
            throw GatewayError.invalidParameter("id")
        }
        let customer: CustomerID
        switch (order.customer, order.apiToken) {
        case (let id?, nil): customer = CustomerID(id)
        case (nil, let token?):
            customer = try await store.read {
                try $0.authenticate(Secret(presented: token)).customer
            }
        case (nil, nil), (.some, .some):
            throw GatewayError.invalidParameter("one of customer and api_token")
        }
        return Grant(
            id: order.id,
            customer: customer,
            asset: asset,
            amount: Amount(units),
            reason: order.reason ?? "",
        )
    }

    // MARK: Keys

    /// Adds a key to a customer.
    ///
    /// The secret is returned once and not stored.
    ///
    /// - Throws: ``GatewayError/invalidParameter(_:)``, ``IdentityError/customerNotFound``;
    ///   nothing is written.
    package func createKey(_ order: KeyOrder) async throws -> KeyAnswer {
        guard let policy = Key.DisconnectPolicy(rawValue: order.onDisconnect ?? "drain") else {
            throw GatewayError.invalidParameter("on_disconnect")
        }
        var (key, secret) = newKey(of: CustomerID(order.customer), at: time.now())
        key.label = order.label ?? ""
        key.refusesLowering = order.refuseLowering ?? false
        key.onDisconnect = policy
        let new = key
        try await store.write(.durable) { try $0.add(new) }
        return KeyAnswer(new, secret: secret)
    }

    /// The keys of one customer, or of everybody.
    package func keys(of customer: String?) async throws -> KeyListAnswer {
        let id = customer.map { CustomerID($0) }
        let keys = try await store.read { try $0.keys(of: id) }
        return KeyListAnswer(keys: keys.map { KeyAnswer($0, secret: nil) })
    }

    /// Makes a key useless at once.
    ///
    /// - Throws: ``IdentityError/keyNotFound(_:)``; nothing is written.
    package func revokeKey(_ id: String) async throws -> KeyAnswer {
        let now = time.now()
        let key = try await store.write(.durable) { try $0.revoke(KeyID(id), at: now) }
        return KeyAnswer(key, secret: nil)
    }

    /// Puts a new secret in the place of a key, which is revoked.
    ///
    /// - Throws: ``IdentityError/keyNotFound(_:)``; nothing is written.
    package func rotateKey(_ id: String) async throws -> KeyAnswer {
        let now = time.now()
        let (new, secret) = newKey(of: "", at: now)
        let key = try await store.write(.durable) {
            try $0.rotate(KeyID(id), to: (new.id, digest: new.digest), at: now)
        }
        return KeyAnswer(key, secret: secret)
    }

    private func newKey(of customer: CustomerID, at now: Timestamp) -> (Key, Secret) {
        let secret = Secret(identifiers)
        guard let id = secret.keyID else {
            preconditionFailure("a new secret has the shape of a secret")
        }
        return (Key(id: id, customer: customer, digest: secret.digest, createdAt: now), secret)
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

    package func figures() async throws -> OperatorFigures {
        try await store.read { transaction in
            let counts = try transaction.identityCounts()
            return OperatorFigures(
                try transaction.totals(),
                openHolds: try transaction.openHoldCount(),
                customers: counts.customers,
                keys: counts.keys,
            )
        }
    }
}
