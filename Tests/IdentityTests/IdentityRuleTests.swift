import GatewayTestKit
import Identity
import Primitives
import Testing

struct IdentityRuleTests {
    /// A transaction that knows one customer with one key, and that key's secret.
    private func registered() throws -> (MemoryTransaction, Secret, Key) {
        var transaction = MemoryTransaction()
        let secret = Secret(.seeded(7))
        let key = Key(
            id: try #require(secret.keyID),
            customer: "acme",
            digest: secret.digest,
            label: "first",
            refusesLowering: true,
            onDisconnect: .cancel,
            createdAt: .second(1),
        )
        try transaction.register(.sample("acme"), key)
        return (transaction, secret, key)
    }

    @Test func `a known secret is its key`() throws {
        var (transaction, secret, key) = try registered()
        #expect(try transaction.authenticate(secret) == key)
    }

    @Test func `what is unknown, malformed or shares the public half is no credential`() throws {
        var (transaction, secret, key) = try registered()
        let zeros = String(repeating: "0", count: 64)
        let flipped = secret.text.dropLast() + (secret.text.hasSuffix("0") ? "1" : "0")
        for text in [
            "", "fbx-000000000000-\(zeros)", "\(key.id)-\(zeros)", String(flipped),
            secret.text.uppercased(), secret.text + "0", key.id.description,
            Hexadecimal.text(secret.digest),
        ] {
            #expect(throws: IdentityError.invalidCredential, "\(text)") {
                try transaction.authenticate(Secret(presented: text))
            }
        }
    }

    @Test func `a revoked key is no credential, and stays revoked when it was`() throws {
        var (transaction, secret, key) = try registered()
        let revoked = try transaction.revoke(key.id, at: .second(5))
        #expect(revoked.revokedAt == .second(5))
        #expect(try transaction.revoke(key.id, at: .second(9)) == revoked)
        #expect(throws: IdentityError.invalidCredential) { try transaction.authenticate(secret) }
        #expect(throws: IdentityError.keyNotFound("fbx-x")) {
            try transaction.revoke("fbx-x", at: .second(5))
        }
    }

    @Test func `a rotated key hands its settings to the next and is revoked`() throws {
        var (transaction, secret, key) = try registered()
        let next = Secret(.seeded(8))
        let nextID = try #require(next.keyID)
        let successor = try transaction.rotate(key.id, to: (nextID, next.digest), at: .second(5))
        #expect(successor.customer == key.customer && successor.label == key.label)
        #expect(successor.refusesLowering && successor.onDisconnect == .cancel)
        #expect(successor.createdAt == .second(5) && successor.revokedAt == nil)
        #expect(try transaction.authenticate(next) == successor)
        #expect(throws: IdentityError.invalidCredential) { try transaction.authenticate(secret) }
        #expect(throws: IdentityError.keyNotFound(key.id)) {
            try transaction.rotate(key.id, to: (nextID, next.digest), at: .second(6))
        }
    }

    @Test func `a key is added to a customer that exists`() throws {
        var (transaction, _, key) = try registered()
        let second = Key(id: "fbx-b", customer: "acme", digest: key.digest, createdAt: .second(2))
        try transaction.add(second)
        #expect(transaction.keys(of: "acme").count == 2)
        let stray = Key(id: "fbx-c", customer: "nobody", digest: [], createdAt: .second(2))
        #expect(throws: IdentityError.customerNotFound) { try transaction.add(stray) }
        #expect(transaction.keys(of: nil).count == 2)
    }
}
