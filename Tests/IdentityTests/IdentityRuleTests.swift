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
            settings: .sample("first"),
            createdAt: .second(1),
        )
        try transaction.register(.sample("acme"), key)
        return (transaction, secret, key)
    }

    @Test func `a known secret is its key`() throws {
        var (transaction, secret, key) = try registered()
        #expect(try transaction.authenticate(secret, at: .second(2)) == key)
    }

    @Test func `what is unknown, malformed or shares the public half is no credential`() throws {
        var (transaction, secret, key) = try registered()
        let zeros = String(repeating: "0", count: 64)
        let flipped = secret.text.dropLast() + (secret.text.hasSuffix("0") ? "1" : "0")
        for text in [
            "", "fbx-000000000000-\(zeros)", "\(key.id)-\(zeros)", String(flipped),
            secret.text.uppercased(), secret.text + "0", key.id.description,
            Hexadecimal.text(secret.digest.bytes),
        ] {
            #expect(throws: IdentityError.invalidCredential, "\(text)") {
                try transaction.authenticate(Secret(presented: text), at: .second(2))
            }
        }
    }

    @Test func `a revoked key is no credential, and stays revoked when it was`() throws {
        var (transaction, secret, key) = try registered()
        let revoked = try transaction.revoke(key.id, at: .second(5))
        #expect(revoked.revokedAt == .second(5))
        #expect(try transaction.revoke(key.id, at: .second(9)) == revoked)
        #expect(throws: IdentityError.invalidCredential) {
            try transaction.authenticate(secret, at: .second(2))
        }
        #expect(throws: IdentityError.keyNotFound("fbx-x")) {
            try transaction.revoke("fbx-x", at: .second(5))
        }
    }

    @Test func `a rotated key keeps its id and settings and takes its new secret alone`() throws {
        var (transaction, secret, key) = try registered()
        let next = Secret(replacing: key.id, .seeded(8))
        #expect(next.keyID == key.id)
        let rotated = try transaction.rotate(key.id, to: next.digest, at: .second(5))
        #expect(rotated.settings == key.settings && rotated.customer == key.customer)
        #expect(rotated.createdAt == key.createdAt && rotated.updatedAt == .second(5))
        #expect(try transaction.authenticate(next, at: .second(5)) == rotated)
        #expect(throws: IdentityError.invalidCredential) {
            try transaction.authenticate(secret, at: .second(5))
        }
        try transaction.revoke(key.id, at: .second(6))
        #expect(throws: IdentityError.keyNotFound(key.id)) {
            try transaction.rotate(key.id, to: next.digest, at: .second(7))
        }
    }

    @Test func `a key is no credential while it is disabled and once it has expired`() throws {
        var (transaction, secret, key) = try registered()
        func isTaken(at second: Int64) -> Bool {
            (try? transaction.authenticate(secret, at: .second(second))) != nil
        }
        _ = try transaction.change(key.id, at: .second(3)) { $0.isDisabled = true }
        #expect(!isTaken(at: 4))
        let changed = try transaction.change(key.id, at: .second(5)) {
            $0.isDisabled = false
            $0.expiresAt = .second(10)
        }
        #expect(changed.updatedAt == .second(5))
        #expect(isTaken(at: 9) && !isTaken(at: 10) && !isTaken(at: 11))
        #expect(throws: IdentityError.keyNotFound("fbx-x")) {
            try transaction.change("fbx-x", at: .second(3)) { $0.isDisabled = true }
        }
    }

    @Test func `a key is added to a customer that exists`() throws {
        var (transaction, _, key) = try registered()
        let second = Key(id: "fbx-b", customer: "acme", digest: key.digest, createdAt: .second(2))
        try transaction.add(second)
        #expect(transaction.keys(of: "acme").count == 2)
        let stray = Key(id: "fbx-c", customer: "nobody", digest: key.digest, createdAt: .second(2))
        #expect(throws: IdentityError.customerNotFound) { try transaction.add(stray) }
        #expect(transaction.keys(of: nil).count == 2)
    }
}
