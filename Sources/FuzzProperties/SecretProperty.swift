import Identity
import Primitives

/// A presented secret names a key only if it has a secret's shape, prints nothing of its secret
/// half, and is compared as bytes are.
enum SecretProperty {
    static func check(_ bytes: [UInt8]) throws(BrokenProperty) -> Verdict {
        try checkComparison(bytes)
        let text = String(decoding: bytes, as: UTF8.self)
        let secret = Secret(presented: text)
        let hasShape = hasShape(Array(text.utf8))
        try demand((secret.keyID != nil) == hasShape, "\(text) has a key's id: \(!hasShape)")
        guard let id = secret.keyID else {
            try demand("\(secret)" == "malformed", "\(secret) shows what was presented")
            return .refused
        }
        try demand(id.description == text.prefix(16), "\(id) is not the public half")
        for shown in ["\(secret)", String(reflecting: secret)] {
            try demand(shown == id.description, "\(shown) is shown, not \(id)")
        }
        let other = Secret(presented: String(text.dropLast()) + (text.last == "0" ? "1" : "0"))
        try demand(secret.digest != other.digest, "another secret has the same digest")
        return .accepted
    }

    /// `fbx-`, 12 hexadecimal digits, `-`, 64 more.
    private static func hasShape(_ text: [UInt8]) -> Bool {
        guard text.count == 81, text.starts(with: "fbx-".utf8), text[16] == UInt8(ascii: "-") else {
            return false
        }
        return (text[4..<16] + text[17...]).allSatisfy {
            "0123456789abcdefABCDEF".utf8.contains($0)
        }
    }

    private static func checkComparison(_ bytes: [UInt8]) throws(BrokenProperty) {
        let middle = bytes.count / 2
        let halves = [Array(bytes[..<middle]), Array(bytes[middle...]), bytes]
        for lhs in halves {
            for rhs in halves {
                try demand(
                    (SecretDigest(stored: lhs) == SecretDigest(stored: rhs)) == (lhs == rhs),
                    "\(lhs) and \(rhs) are compared wrongly",
                )
            }
        }
        guard !bytes.isEmpty else { return }
        var changed = bytes
        changed[middle] ^= 0x80
        try demand(
            SecretDigest(stored: bytes) != SecretDigest(stored: changed),
            "one bit makes no difference",
        )
    }
}
