import GatewayTestKit
import Identity
import Primitives
import Testing

struct IdentityConformanceTests {
    @Test(arguments: StoreKind.allCases)
    func `a customer and its keys are found as they were saved`(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let customer = Customer.sample("acme")
            var key = Key(id: "fbx-b", customer: "acme", digest: .sample(1), createdAt: .second(1))
            let second = Key(
                id: "fbx-a",
                customer: "acme",
                digest: .sample(2),
                settings: .sample("a label; DROP TABLE keys --'"),
                createdAt: .second(2),
                updatedAt: .second(4),
                revokedAt: .second(3),
            )
            try await store.write(.durable) { [key] in try $0.register(customer, key) }
            try await store.write(.durable) { try $0.add(second) }
            #expect(try await store.read { try $0.customer("acme") } == customer)
            #expect(try await store.read { try $0.keys(of: "acme") } == [second, key])
            #expect(try await store.read { try $0.keys(of: nil) } == [second, key])
            #expect(try await store.read { try $0.keys(of: "other") } == [])
            key.settings = .sample("new")
            try await store.write(.durable) { [key] in try $0.save(key) }
            #expect(try await store.read { try $0.key("fbx-b") } == key)
            let counts = try await store.read { try $0.identityCounts() }
            #expect(counts == (1, 2))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a key authenticates until it is revoked or rotated`(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let secrets = IdentifierSource.seeded(1)
            let first = Secret(secrets)
            let id = try #require(first.keyID)
            let second = Secret(replacing: id, secrets)
            let key = Key(
                id: id,
                customer: "acme",
                digest: first.digest,
                settings: .sample("first"),
                createdAt: .second(1),
            )
            try await store.write(.durable) { try $0.register(.sample("acme"), key) }
            #expect(try await store.read { try $0.authenticate(first, at: .second(2)) } == key)
            let rotated = try await store.write(.durable) {
                try $0.rotate(id, to: second.digest, at: .second(2))
            }
            #expect(rotated.settings == key.settings)
            #expect(
                try await store.read { try $0.authenticate(second, at: .second(2)) } == rotated
            )
            await #expect(throws: IdentityError.invalidCredential) {
                try await store.read { try $0.authenticate(first, at: .second(2)) }
            }
            try await store.write(.durable) { _ = try $0.revoke(id, at: .second(3)) }
            await #expect(throws: IdentityError.invalidCredential) {
                try await store.read { try $0.authenticate(second, at: .second(2)) }
            }
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a key of nobody is refused before anything is written`(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            await #expect(throws: IdentityError.customerNotFound) {
                try await store.write(.durable) {
                    try $0.add(
                        Key(id: "k", customer: "acme", digest: .sample(1), createdAt: .second(1))
                    )
                }
            }
            await #expect(throws: IdentityError.keyNotFound("k")) {
                try await store.write(.durable) { _ = try $0.revoke("k", at: .second(1)) }
            }
            let counts = try await store.read { try $0.identityCounts() }
            #expect(counts == (0, 0))
        }
    }
}

extension SecretDigest {
    static func sample(_ byte: UInt8) -> SecretDigest {
        SecretDigest(stored: [UInt8](repeating: byte, count: 32))
    }
}
