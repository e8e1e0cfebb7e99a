package import Primitives

extension IdentityTransaction {
    /// The key that `secret` is, if it is one of ours and not revoked.
    ///
    /// - Throws: ``IdentityError/invalidCredential``.
    package mutating func authenticate(_ secret: Secret) throws -> Key {
        guard let id = secret.keyID, let key = try key(id), key.revokedAt == nil,
            equalInConstantTime(key.digest, secret.digest)
        else { throw IdentityError.invalidCredential }
        return key
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

    /// Revokes `id` and puts `successor`, a new secret with the same settings, in its place.
    ///
    /// - Throws: ``IdentityError/keyNotFound(_:)`` for an unknown or revoked key; nothing is
    ///   written.
    package mutating func rotate(
        _ id: KeyID,
        to successor: (KeyID, digest: [UInt8]),
        at now: Timestamp,
    ) throws -> Key {
        guard let old = try key(id), old.revokedAt == nil else {
            throw IdentityError.keyNotFound(id)
        }
        let new = Key(
            id: successor.0,
            customer: old.customer,
            digest: successor.digest,
            label: old.label,
            refusesLowering: old.refusesLowering,
            onDisconnect: old.onDisconnect,
            createdAt: now,
        )
        try revoke(id, at: now)
        try save(new)
        return new
    }
}
