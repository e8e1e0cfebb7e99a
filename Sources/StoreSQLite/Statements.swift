import GRDB
import GRDBSQLite
import Primitives

/// The statements of one transaction: each is prepared once and run many times.
///
/// They are run through SQLite's own functions, because a row of a hold or of a transfer goes
/// through here several times for each inference.
final class Statements {
    private let database: Database
    /// By where the text of the statement stands in the program.
    private var prepared: [UnsafePointer<UInt8>: Statement] = [:]
    /// The values of the row on its way.
    private var row: [UInt8] = []

    init(_ database: Database) { self.database = database }

    /// Runs a statement that gives no rows.
    ///
    /// Where it `isSealed`, its last parameter is the seal of all others.
    func run(_ sql: StaticString, _ values: [StoredValue], isSealed: Bool = false) throws {
        let statement = try statement(sql)
        defer { sqlite3_reset(statement.sqliteStatement) }
        try step(statement, with: values, isSealed: isSealed) { _ in true }
    }

    /// Changes the one row that is known to be there.
    ///
    /// - Throws: ``StoreError/corrupt(_:)`` where it is not.
    func update(_ sql: StaticString, _ values: [StoredValue], isSealed: Bool = false) throws {
        try run(sql, values, isSealed: isSealed)
        guard sqlite3_changes(database.sqliteConnection) == 1 else {
            throw StoreError.corrupt("a row that was there is gone: \(sql)")
        }
    }

    /// Runs a statement and reads its rows, until `read` says that it has read enough.
    ///
    /// `read` runs no other statement.
    func read(
        _ sql: StaticString,
        _ values: [StoredValue],
        _ read: (OpaquePointer) throws -> Bool,
    ) throws {
        let statement = try statement(sql)
        defer { sqlite3_reset(statement.sqliteStatement) }
        try step(statement, with: values, isSealed: false, read)
    }

    /// The same with a text that is put together, which is looked up by all of it.
    func read(
        _ sql: String,
        _ values: [StoredValue],
        _ read: (OpaquePointer) throws -> Bool,
    ) throws {
        let statement = try database.cachedStatement(sql: sql)
        defer { sqlite3_reset(statement.sqliteStatement) }
        try step(statement, with: values, isSealed: false, read)
    }

    private func statement(_ sql: StaticString) throws -> Statement {
        if let found = prepared[sql.utf8Start] { return found }
        let statement = try database.cachedStatement(sql: "\(sql)")
        prepared[sql.utf8Start] = statement
        return statement
    }

    private func step(
        _ statement: Statement,
        with values: [StoredValue],
        isSealed: Bool,
        _ read: (OpaquePointer) throws -> Bool,
    ) throws {
        let handle = statement.sqliteStatement
        // Taken, so that each byte is not an access to this object.
        var row = self.row
        self.row = []
        defer { self.row = row }
        row.removeAll(keepingCapacity: true)
        for value in values { row.append(value) }
        if isSealed { row.append(.blob(Seal.of(row))) }
        try row.withUnsafeBytes { bytes in
            var place = bytes.startIndex
            for (index, value) in values.enumerated() {
                let result = value.bind(to: handle, at: index + 1, out: bytes, &place)
                guard result == SQLITE_OK else { throw failure(result, statement) }
            }
            if isSealed {
                let seal = bytes.suffix(Seal.length)
                let index = Int32(values.count + 1)
                let start = bytes.baseAddress.map { $0 + seal.startIndex }
                let result = sqlite3_bind_blob(handle, index, start, Int32(Seal.length), nil)
                guard result == SQLITE_OK else { throw failure(result, statement) }
            }
            while true {
                switch sqlite3_step(handle) {
                case SQLITE_ROW: if try !read(handle) { return }
                case SQLITE_DONE: return
                case let result: throw failure(result, statement)
                }
            }
        }
    }

    private func failure(_ result: CInt, _ statement: Statement) -> DatabaseError {
        let connection = database.sqliteConnection
        let message = sqlite3_errmsg(connection).map { String(cString: $0) }
        let extended = sqlite3_extended_errcode(connection)
        return DatabaseError(
            resultCode: ResultCode(rawValue: extended & 0xFF == result & 0xFF ? extended : result),
            message: message,
            sql: statement.sql,
        )
    }
}

extension StoredValue {
    /// Binds a parameter, and moves `place` behind the value's bytes, which have to outlive the
    /// statement's run.
    fileprivate func bind(
        to handle: OpaquePointer,
        at index: Int,
        out bytes: UnsafeRawBufferPointer,
        _ place: inout Int,
    ) -> CInt {
        let index = CInt(index)
        let start = bytes.baseAddress.map { $0 + place + StoredValue.headLength }
        switch self {
        case .null:
            place += 1
            return sqlite3_bind_null(handle, index)
        case .integer(let integer):
            place += StoredValue.headLength
            return sqlite3_bind_int64(handle, index, integer)
        case .double(let double):
            place += StoredValue.headLength
            return sqlite3_bind_double(handle, index, double)
        case .text(let text):
            let length = text.utf8.count
            place += StoredValue.headLength + length
            let characters = start?.assumingMemoryBound(to: CChar.self)
            return sqlite3_bind_text(handle, index, characters, CInt(length), nil)
        case .blob(let blob):
            place += StoredValue.headLength + blob.count
            return sqlite3_bind_blob(handle, index, start, CInt(blob.count), nil)
        }
    }
}
