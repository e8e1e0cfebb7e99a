import Gateway
import GatewayTestKit
import Identity
import Primitives
import Testing

@Suite struct KeyDirectoryTests {
    private let directory = KeyDirectory()
    private let secret = Secret(
        presented: "fbx-0123456789ab-" + String(repeating: "0123456789abcdef", count: 4)
    )

    private func key(expiresAt: Timestamp? = nil) throws -> Key {
        var settings = KeySettings()
        settings.expiresAt = expiresAt
        return Key(
            id: try #require(secret.keyID),
            customer: .init("cus_1"),
            digest: secret.digest,
            settings: settings,
            createdAt: .second(0),
        )
    }

    private func found(at second: Int64 = 1) throws -> Key? {
        try directory.authenticate(secret, at: .second(second)).key
    }

    @Test func `a key is recognised once it was read`() throws {
        let (none, mark) = try directory.authenticate(secret, at: .second(1))
        #expect(none == nil)
        directory.keep(try key(), since: mark)
        #expect(try found() == key())
    }

    @Test func `a key that was read before a change is not kept after it`() throws {
        let (_, mark) = try directory.authenticate(secret, at: .second(1))
        directory.forget("fbx-00000000000f")
        directory.keep(try key(), since: mark)
        #expect(try found() == nil)
    }

    @Test func `a key that was changed is read again`() throws {
        directory.keep(try key(), since: 0)
        directory.forget(try key().id)
        #expect(try found() == nil)
    }

    @Test func `neither another secret nor a later time is let in by a key that is known`() throws {
        directory.keep(try key(expiresAt: .second(10)), since: 0)
        #expect(try found(at: 9) != nil)
        #expect(throws: IdentityError.invalidCredential) { try found(at: 10) }
        let other = Secret(presented: String(secret.text.dropLast()) + "0")
        #expect(throws: IdentityError.invalidCredential) {
            try directory.authenticate(other, at: .second(1))
        }
    }
}
