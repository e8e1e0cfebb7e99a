package import NIOCore

/// The names by which a provider speaks of our own account: they stay with us.
package enum AccountNames {
    /// How the names of keys, organisations and projects begin at the providers.
    private static let prefixes = ["sk-", "org-", "proj_"].map { Array($0.utf8) }
    /// What follows has at least so many letters and digits: `task-1` names no key.
    private static let shortest = 8

    /// Whether a text holds one.
    package static func occur(in text: ByteBuffer) -> Bool {
        let bytes = text.readableBytesView
        var previous: UInt8 = 0
        for index in bytes.indices {
            defer { previous = bytes[index] }
            guard !isOfName(previous) else { continue }
            for prefix in prefixes where bytes[index...].starts(with: prefix) {
                let rest = bytes[index...].dropFirst(prefix.count)
                if rest.prefix(while: isOfName).count >= shortest { return true }
            }
        }
        return false
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
