import FoundationEssentials
import GRDBSQLite
import Primitives

/// Reads the columns of a row one after the other, and says where one is not what we write.
struct RowReader {
    private let row: OpaquePointer
    private let table: String
    private var next: CInt = 0

    /// Reads the row on which a statement stands.
    init(_ row: OpaquePointer, of table: String) {
        self.row = row
        self.table = table
    }

    mutating func text(_ column: String) throws(StoreError) -> String {
        let index = try take(SQLITE_TEXT, column)
        return RowReader.text(row, index)
    }

    mutating func optionalText(_ column: String) throws(StoreError) -> String? {
        if sqlite3_column_type(row, next) == SQLITE_NULL {
            next += 1
            return nil
        }
        return try text(column)
    }

    mutating func integer(_ column: String) throws(StoreError) -> Int64 {
        let index = try take(SQLITE_INTEGER, column)
        return sqlite3_column_int64(row, index)
    }

    mutating func optionalInteger(_ column: String) throws(StoreError) -> Int64? {
        if sqlite3_column_type(row, next) == SQLITE_NULL {
            next += 1
            return nil
        }
        return try integer(column)
    }

    mutating func blob(_ column: String) throws(StoreError) -> [UInt8] {
        let index = try take(SQLITE_BLOB, column)
        return RowReader.blob(row, index)
    }

    mutating func optionalBlob(_ column: String) throws(StoreError) -> [UInt8]? {
        if sqlite3_column_type(row, next) == SQLITE_NULL {
            next += 1
            return nil
        }
        return try blob(column)
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
        let key = sqlite3_column_count(row) > 0 ? "\(StoredValue(row, 0))" : "empty"
        return .corrupt("\(table).\(column) of \(key)")
    }

    /// The place of the next column, if it holds what it must.
    private mutating func take(_ type: CInt, _ column: String) throws(StoreError) -> CInt {
        // A column that is not there has no value, which is none of those that are asked for.
        guard sqlite3_column_type(row, next) == type else { throw corrupt(column) }
        defer { next += 1 }
        return next
    }

    fileprivate static func text(_ row: OpaquePointer, _ index: CInt) -> String {
        guard let start = sqlite3_column_text(row, index) else { return "" }
        let length = Int(sqlite3_column_bytes(row, index))
        return String(decoding: UnsafeBufferPointer(start: start, count: length), as: UTF8.self)
    }

    fileprivate static func blob(_ row: OpaquePointer, _ index: CInt) -> [UInt8] {
        guard let start = sqlite3_column_blob(row, index) else { return [] }
        return Array(
            UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(row, index)))
        )
    }
}

extension StoredValue {
    /// What stands in a column, whatever it is.
    init(_ row: OpaquePointer, _ index: CInt) {
        switch sqlite3_column_type(row, index) {
        case SQLITE_INTEGER: self = .integer(sqlite3_column_int64(row, index))
        case SQLITE_FLOAT: self = .double(sqlite3_column_double(row, index))
        case SQLITE_TEXT: self = .text(RowReader.text(row, index))
        case SQLITE_BLOB: self = .blob(RowReader.blob(row, index))
        // SQLite knows no other.
        case _: self = .null
        }
    }
}

/// The JSON that a store keeps: keys in order, so the same value has the same text.
func storedJSON(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
}
