import GatewayTestKit
import Identity
import Primitives
import Testing

struct SecretTests {
    @Test func `a secret is its public half and 256 random bits`() throws {
        let secret = Secret(.seeded(1))
        let parts = secret.text.split(separator: "-")
        #expect(parts.map(\.count) == [3, 12, 64])
        #expect(parts.dropFirst().allSatisfy { Hexadecimal.bytes($0) != nil })
        #expect(secret.keyID == KeyID("fbx-\(parts[1])"))
        #expect(secret.digest.bytes.count == 32)
        #expect(Secret(presented: secret.text).digest == secret.digest)
        #expect(Secret(.seeded(2)).text != secret.text)
    }

    @Test(arguments: [
        "", "fbx", "fbx-", "fbx--", "sk-000000000000-\(hex)", "fbx-00000000000-\(hex)",
        "fbx-0000000000000-\(hex)", "fbx-000000000000-\(hex)0", "fbx-000000000000-\(hex)-",
        "fbx-00000000000g-\(hex)", "fbx-000000000000-\(hex.dropLast())g", "FBX-000000000000-\(hex)",
        " fbx-000000000000-\(hex)", "fbx-000000000000-\(hex)\n", "fbx-'; DROP TABLE-\(hex)",
        "fbx-００００００-\(hex)", "fbx-000000000000",
    ])
    func `anything else names no key`(_ text: String) {
        #expect(Secret(presented: text).keyID == nil)
    }

    @Test(
        arguments: [
            ([], [], true), ([1, 2], [1, 2], true), ([1, 2], [1, 3], false),
            ([1, 2], [0, 2], false),
            ([1, 2], [1, 2, 0], false), ([1], [], false),
        ] as [([UInt8], [UInt8], Bool)]
    )
    func `digests are compared as a whole`(_ lhs: [UInt8], _ rhs: [UInt8], _ same: Bool) {
        #expect((SecretDigest(stored: lhs) == SecretDigest(stored: rhs)) == same)
    }

    private static let hex = String(repeating: "0", count: 64)
}
