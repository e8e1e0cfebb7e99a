package import Identity
import Ledger
package import Primitives

/// What is done to keys, by their customers and by operators.
package struct KeyDesk<Storage: GatewayStore>: Sendable {
    private let store: Storage
    private let directory: KeyDirectory
    private let time: TimeSource
    private let identifiers: IdentifierSource

    package init(
        store: Storage,
        directory: KeyDirectory,
        time: TimeSource,
        identifiers: IdentifierSource,
    ) {
        self.store = store
        self.directory = directory
        self.time = time
        self.identifiers = identifiers
    }

    /// Registers a customer with a first key, which may manage the others.
    ///
    /// The secret is returned once and not stored.
    package func register() async throws -> (Customer, Secret) {
        let now = time.now()
        let customer = newCustomer(at: now)
        var settings = KeySettings()
        settings.managesKeys = true
        let (key, secret) = newKey(of: customer.id, settings, at: now)
        try await store.write(.durable) { try $0.register(customer, key) }
        return (customer, secret)
    }

    /// Adds a key to a customer.
    ///
    /// The secret is returned once and not stored.
    ///
    /// - Throws: ``GatewayError/invalidParameter(_:)``, ``IdentityError/customerNotFound``;
    ///   nothing is written.
    package func create(
        _ wish: KeyChange,
        of customer: CustomerID,
        isOperator: Bool,
    ) async throws -> NewKeyAnswer {
        let now = time.now()
        var settings = KeySettings()
        try wish.checked(isOperator: isOperator)(&settings)
        let (key, secret) = newKey(of: customer, settings, at: now)
        return try await store.write(.durable) { transaction in
            try transaction.add(key)
            return NewKeyAnswer(data: try transaction.describe(key, at: now), key: secret.text)
        }
    }

    /// Adds a key that an operator ordered.
    ///
    /// - Throws: as ``create(_:of:isOperator:)``.
    package func create(_ order: KeyOrder) async throws -> NewKeyAnswer {
        try await create(
            order.settings ?? KeyChange(),
            of: CustomerID(order.customer),
            isOperator: true,
        )
    }

    /// The keys of one customer, or of everybody, revoked ones too.
    package func list(of customer: CustomerID?) async throws -> KeyListAnswer {
        let now = time.now()
        return try await store.read { transaction in
            var answers: [KeyAnswer] = []
            for key in try transaction.keys(of: customer) {
                answers.append(try transaction.describe(key, at: now))
            }
            return KeyListAnswer(data: answers)
        }
    }

    /// One key.
    ///
    /// - Throws: ``IdentityError/keyNotFound(_:)`` for an unknown key, or another customer's.
    package func show(_ id: KeyID, of customer: CustomerID?) async throws -> OneKeyAnswer {
        let now = time.now()
        return try await store.read { transaction in
            let key = try transaction.key(id, of: customer)
            return OneKeyAnswer(data: try transaction.describe(key, at: now))
        }
    }

    /// Changes a key's settings; in force for the next request.
    ///
    /// - Throws: ``GatewayError/invalidParameter(_:)``, ``IdentityError/keyNotFound(_:)``;
    ///   nothing is written.
    package func change(
        _ id: KeyID,
        _ wish: KeyChange,
        of customer: CustomerID?,
    ) async throws -> OneKeyAnswer {
        let now = time.now()
        let change = try wish.checked(isOperator: customer == nil)
        defer { directory.forget(id) }
        return try await store.write(.durable) { transaction in
            _ = try transaction.key(id, of: customer)
            let key = try transaction.change(id, at: now, change)
            return OneKeyAnswer(data: try transaction.describe(key, at: now))
        }
    }

    /// Makes a key useless at once.
    ///
    /// - Throws: ``IdentityError/keyNotFound(_:)``; nothing is written.
    package func revoke(_ id: KeyID, of customer: CustomerID?) async throws -> OneKeyAnswer {
        let now = time.now()
        defer { directory.forget(id) }
        return try await store.write(.durable) { transaction in
            _ = try transaction.key(id, of: customer)
            let key = try transaction.revoke(id, at: now)
            return OneKeyAnswer(data: try transaction.describe(key, at: now))
        }
    }

    /// Puts a new secret in the place of a key's; the key keeps its settings and what it has spent.
    ///
    /// - Throws: ``IdentityError/keyNotFound(_:)``; nothing is written.
    package func rotate(_ id: KeyID, of customer: CustomerID?) async throws -> NewKeyAnswer {
        let now = time.now()
        let secret = Secret(replacing: id, identifiers)
        defer { directory.forget(id) }
        return try await store.write(.durable) { transaction in
            _ = try transaction.key(id, of: customer)
            let key = try transaction.rotate(id, to: secret.digest, at: now)
            return NewKeyAnswer(data: try transaction.describe(key, at: now), key: secret.text)
        }
    }

    /// A customer that is in no books yet.
    func newCustomer(at now: Timestamp) -> Customer {
        Customer(
            id: identifiers.next("cus"),
            depositCode: identifiers.secret(bytes: 16),
            label: "",
            createdAt: now,
        )
    }

    /// The key of a wallet that pays by itself: in no books yet, and without a secret that anybody has.
    func payerKey(_ id: KeyID, of customer: CustomerID, name: String, at now: Timestamp) -> Key {
        var settings = KeySettings()
        settings.label = "payer \(name)"
        return Key(
            id: id,
            customer: customer,
            digest: Secret(replacing: id, identifiers).digest,
            settings: settings,
            createdAt: now,
        )
    }

    /// A key that is in no books yet, and its secret, which is in none ever.
    func newKey(
        of customer: CustomerID,
        _ settings: KeySettings,
        at now: Timestamp,
    ) -> (Key, Secret) {
        let secret = Secret(identifiers)
        guard let id = secret.keyID else {
            preconditionFailure("a new secret has the shape of a secret")
        }
        let key = Key(
            id: id,
            customer: customer,
            digest: secret.digest,
            settings: settings,
            createdAt: now,
        )
        return (key, secret)
    }
}

extension IdentityTransaction {
    /// A key, if it is that customer's, or anybody's.
    ///
    /// - Throws: ``IdentityError/keyNotFound(_:)``; which of the two it is, is not told.
    fileprivate mutating func key(_ id: KeyID, of customer: CustomerID?) throws -> Key {
        guard let key = try key(id), customer == nil || key.customer == customer else {
            throw IdentityError.keyNotFound(id)
        }
        return key
    }
}
