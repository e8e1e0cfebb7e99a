import FoundationEssentials
import GRDB
import Primitives

/// Reads the columns of a row one after the other, and says where one is not what we write.
struct RowReader {
    private let row: Row
    private let table: String
    private var next = 0

    init(_ row: Row, of table: String) {
        self.row = row
        self.table = table
    }

    mutating func text(_ column: String) throws(StoreError) -> String {
        guard case .string(let text) = value().storage else { throw corrupt(column) }
        return text
    }

    mutating func integer(_ column: String) throws(StoreError) -> Int64 {
        guard let integer = try optionalInteger(column) else { throw corrupt(column) }
        return integer
    }

    mutating func optionalInteger(_ column: String) throws(StoreError) -> Int64? {
        switch value().storage {
        case .null: nil
        case .int64(let integer): integer
        case .double, .string, .blob: throw corrupt(column)
        }
    }

    mutating func blob(_ column: String) throws(StoreError) -> [UInt8] {
        guard case .blob(let data) = value().storage else { throw corrupt(column) }
        return Array(data)
    }

    mutating func amount(_ column: String) throws(StoreError) -> Amount {
        let units = try integer(column)
        guard units >= 0 else { throw corrupt(column) }
        return Amount(units)
    }

    mutating func optionalAmount(_ column: String) throws(StoreError) -> Amount? {
        guard let units = try optionalInteger(column) else { return nil }
        guard units >= 0 else { throw corrupt(column) }
        return Amount(units)
    }

    mutating func timestamp(_ column: String) throws(StoreError) -> Timestamp {
        Timestamp(microseconds: try integer(column))
    }

    mutating func optionalTimestamp(_ column: String) throws(StoreError) -> Timestamp? {
        try optionalInteger(column).map(Timestamp.init(microseconds:))
    }

    /// A text that `read` understands.
    mutating func parsed<Value>(
        _ column: String,
        _ read: (String) -> Value?,
    ) throws(StoreError) -> Value {
        guard let value = read(try text(column)) else { throw corrupt(column) }
        return value
    }

    /// A text that is the JSON of a value.
    mutating func json<Value: Decodable>(_ column: String) throws(StoreError) -> Value {
        let text = try text(column)
        do {
            return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
        } catch {
            throw corrupt(column)
        }
    }

    /// The failure of a row whose `column` is not what we write.
    func corrupt(_ column: String) -> StoreError {
        let key = row.count > 0 ? "\(row[0] as DatabaseValue)" : "empty"
        return .corrupt("\(table).\(column) of \(key)")
    }

    private mutating func value() -> DatabaseValue {
        guard next < row.count else { return .null }
        defer { next += 1 }
        return row[next]
    }
}

/// The JSON that a store keeps: keys in order, so the same value has the same text.
func storedJSON(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}

extension [UInt8] {
    var asBlob: Data { Data(self) }
}
