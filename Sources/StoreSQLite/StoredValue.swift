import FoundationEssentials

/// A value in a column of a row.
enum StoredValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case double(Double)
    case text(String)
    case blob([UInt8])

    static func optional(_ integer: Int64?) -> StoredValue { integer.map(Self.integer) ?? .null }
    static func optional(_ text: String?) -> StoredValue { text.map(Self.text) ?? .null }
}

extension StoredValue: CustomStringConvertible {
    var description: String {
        switch self {
        case .null: "NULL"
        case .integer(let integer): "\(integer)"
        case .double(let double): "\(double)"
        case .text(let text): text.debugDescription
        case .blob(let bytes): "\(bytes.count) bytes"
        }
    }
}

/// The bytes of a row: each value with its kind, and texts and blobs with their length, so that no
/// two rows share them.
///
/// A seal covers them, and SQLite is lent the texts out of them.
extension [UInt8] {
    mutating func append(_ value: StoredValue) {
        switch value {
        case .null: append(0)
        case .integer(let integer):
            append(1)
            append(bigEndian: UInt64(bitPattern: integer))
        case .double(let double):
            append(2)
            append(bigEndian: double.bitPattern)
        case .text(let text):
            append(3)
            append(bigEndian: UInt64(text.utf8.count))
            append(contentsOf: text.utf8)
        case .blob(let bytes):
            append(4)
            append(bigEndian: UInt64(bytes.count))
            append(contentsOf: bytes)
        }
    }

    private mutating func append(bigEndian number: UInt64) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }
}

extension StoredValue {
    /// How many bytes a value has in front of its text or its blob.
    static let headLength = 9
}
