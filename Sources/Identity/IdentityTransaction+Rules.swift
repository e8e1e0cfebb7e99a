package import Ledger
package import Primitives

extension IdentityTransaction {
    /// The key that `secret` is, if it is one of ours and valid at `now`.
    ///
    /// - Throws: ``IdentityError/invalidCredential``.
    package mutating func authenticate(_ secret: Secret, at now: Timestamp) throws -> Key {
        guard let id = secret.keyID, let key = try key(id),
            key.digest == secret.digest, key.isValid(at: now)
        else { throw IdentityError.invalidCredential }
        return key
    }

    /// Every limit on what a key spends: its own, and its customer's.
    package mutating func budgets(above key: Key) throws -> [Budget] {
        key.budgets + (try customer(key.customer)?.budgets.of(.customer(key.customer)) ?? [])
    }

    /// Creates a customer with a first key.
    package mutating func register(
        _ customer: Customer,
        _ key: Key,
    ) throws {
        try insert(customer)
        try save(key)
    }

    /// Adds a key to a customer that exists.
    ///
    /// - Throws: ``IdentityError/customerNotFound``; nothing is written.
    package mutating func add(_ key: Key) throws {
        guard try customer(key.customer) != nil else { throw IdentityError.customerNotFound }
        try save(key)
    }

    /// Changes a key's settings.
    ///
    /// - Throws: ``IdentityError/keyNotFound(_:)`` for an unknown or revoked key; nothing is
    ///   written.
    package mutating func change(
        _ id: KeyID,
        at now: Timestamp,
        _ change: (inout KeySettings) -> Void,
    ) throws -> Key {
        guard var key = try key(id), key.revokedAt == nil else {
            throw IdentityError.keyNotFound(id)
        }
        change(&key.settings)
        key.updatedAt = now
        try save(key)
        return key
    }

    /// Makes a key useless from now on.
    ///
    /// Revoking it again changes nothing.
    ///
    /// - Throws: ``IdentityError/keyNotFound(_:)``; nothing is written.
    @discardableResult
    package mutating func revoke(_ id: KeyID, at now: Timestamp) throws -> Key {
        guard var key = try key(id) else { throw IdentityError.keyNotFound(id) }
        guard key.revokedAt == nil else { return key }
        key.revokedAt = now
        try save(key)
        return key
    }

    /// Puts a new secret in the place of a key's, which is useless from now on.
    ///
    /// The key keeps its id, its settings and what it has spent.
    ///
    /// - Throws: ``IdentityError/keyNotFound(_:)`` for an unknown or revoked key; nothing is
    ///   written.
    package mutating func rotate(
        _ id: KeyID,
        to digest: SecretDigest,
        at now: Timestamp,
    ) throws -> Key {
        guard let old = try key(id), old.revokedAt == nil else {
            throw IdentityError.keyNotFound(id)
        }
        let new = Key(
            id: id,
            customer: old.customer,
            digest: digest,
            settings: old.settings,
            createdAt: old.createdAt,
            updatedAt: now,
        )
        try save(new)
        return new
    }
}
