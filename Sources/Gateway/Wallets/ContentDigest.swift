import FoundationEssentials
import HTTPTypes
import Primitives
import Providers

/// What a request's head says of its body's digest.
///
/// Source: RFC 9530, section 2; RFC 9651, sections 3.2 and 3.3.5.
enum ContentDigest {
    private static let key = "sha-256="

    /// The SHA-256 in hexadecimal; `nil` where none is announced, or not as it has to be written.
    ///
    /// Of two with the same key the last one counts. Other algorithms are passed over.
    static func sha256(in fields: HTTPFields) -> String? {
        let members = (fields[.contentDigest] ?? "").utf8.split(separator: UInt8(ascii: ","))
            .map { Substring($0).trimmed }
        guard let member = members.last(where: { $0.utf8.starts(with: key.utf8) }) else {
            return nil
        }
        let value = member.utf8.dropFirst(key.utf8.count)
        guard value.count > 2, value.first == UInt8(ascii: ":"), value.last == UInt8(ascii: ":"),
            let bytes = Data(base64Encoded: String(Substring(value.dropFirst().dropLast()))),
            bytes.count == 32
        else { return nil }
        return Hexadecimal.text(bytes)
    }
}

extension Substring {
    /// Without the blanks around it that stand between a list's members.
    fileprivate var trimmed: Substring {
        func isBlank(_ byte: UInt8) -> Bool {
            byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
        }
        var bytes = utf8.drop(while: isBlank)
        while let last = bytes.last, isBlank(last) { bytes.removeLast() }
        return Substring(bytes)
    }
}

extension HTTPField.Name {
    static let contentDigest = known("content-digest")
}
