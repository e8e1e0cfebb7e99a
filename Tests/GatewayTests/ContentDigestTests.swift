import HTTPTypes
import Testing

@testable import Gateway

@Suite struct ContentDigestTests {
    /// The SHA-256 of nothing, and of `{"hello": "world"}` and a line feed (RFC 9530, appendix B.1).
    private static let empty = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    private static let hello = "RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg="
    private static let read =
        "44aff4ab2d7c3250525675a08f0cfa9591168cffe51791c5f5bbc417c15a6c38"

    static let right: [[String]] = [
        ["sha-256=:\(hello):"], ["  sha-256=:\(hello):\t"],
        // Beside others, in one line or more.
        ["sha-512=:AAAA:, sha-256=:\(hello):"], ["sha-256=:\(hello):,md5=:AAAA:,x=1;y=2"],
        ["sha-512=:AAAA:", "sha-256=:\(hello):"],
        // The last one of a key counts.
        ["sha-256=:\(empty):, sha-256=:\(hello):"], ["sha-256=:AAAA:", "sha-256=:\(hello):"],
    ]

    static let unusable: [[String]] = [
        [], [""], [","], ["sha-512=:AAAA:"], ["SHA-256=:\(hello):"], ["sha-256"], ["sha-256="],
        ["sha-256=:"], ["sha-256=::"], ["sha-256=:AAAA:"], ["sha-256=\(hello)"],
        ["sha-256=:\(hello)"], ["sha-256=\(hello):"], ["sha-256=:\(hello):x"],
        ["sha-256=:\(hello.dropLast()):"], ["sha-256=:\(hello.dropLast(4)):"],
        ["sha-256=:\(hello)\(hello):"], ["sha-256=:-\(hello.dropFirst()):"],
        ["sha-256=: \(hello):"], ["sha-256 =:\(hello):"], ["sha-256=\"\(hello)\""],
        ["\(hello)"], [":\(hello):"], ["sha-256=:\(hello):, sha-256=:AAAA:"],
        ["sha-256=:\(String(repeating: "A", count: 60_000)):"],
    ]

    private func fields(_ lines: [String]) -> HTTPFields {
        lines.reduce(into: HTTPFields()) { fields, line in
            HTTPField.Name("Content-Digest").map { name in
                fields.append(HTTPField(name: name, value: line))
            }
        }
    }

    @Test(arguments: right)
    func `the SHA-256 that a head announces is read`(_ lines: [String]) {
        #expect(ContentDigest.sha256(in: fields(lines)) == ContentDigestTests.read)
    }

    @Test(arguments: unusable)
    func `what announces no SHA-256 as it has to be written announces none`(_ lines: [String]) {
        #expect(ContentDigest.sha256(in: fields(lines)) == nil)
    }
}
