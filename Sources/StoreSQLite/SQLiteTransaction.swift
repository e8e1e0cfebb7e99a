import GRDB
import Ledger
import Primitives

/// One transaction on the database, seen through every module's slice.
///
/// A batch of writes shares one: what it has loaded is loaded once, and accounts, holds, charges
/// and the chain's end are written once, at the end, however many writes touched them.
package struct SQLiteTransaction {
    /// What a transaction may do.
    enum Access: Equatable {
        case read
        /// Transfers are appended to the chain of this name.
        case write(chain: String)
    }

    let database: Database
    let statements: Statements
    private let access: Access
    /// How many rows were written so far; it tells whether a body that threw had written.
    private(set) var writeCount = 0
    /// The rows that were loaded, and what they are to become.
    var loaded: LoadedRows

    init(_ database: Database, access: Access, loaded: LoadedRows = LoadedRows()) {
        self.database = database
        self.loaded = loaded
        statements = Statements(database)
        self.access = access
    }

    /// The name of the chain that this transaction appends to.
    var chain: String {
        guard case .write(let chain) = access else {
            preconditionFailure("a read does not write: ask the store for a write")
        }
        return chain
    }

    /// Called before each write, once nothing of it can be refused any more.
    mutating func willWrite() {
        _ = chain
        writeCount += 1
    }

    /// Writes back what was changed, so that queries over whole tables see it.
    mutating func flush() throws {
        guard case .write(let chain) = access else { return }
        try flushBalances()
        try flushHolds()
        try flushDays()
        if let end = loaded.chainEnd, loaded.isChainChanged {
            try execute(
                """
                INSERT INTO chains (writer, sequence, digest, commits) VALUES (?, ?, ?, 0)
                ON CONFLICT (writer) DO UPDATE
                SET sequence = excluded.sequence, digest = excluded.digest
                """,
                [.text(chain), .integer(end.sequence), .blob(end.digest)],
            )
            loaded.isChainChanged = false
        }
    }

    /// Counts this transaction as a durable commit of its chain.
    ///
    /// - Returns: how many there have been, with this one.
    mutating func countCommit() throws -> Int64 {
        guard case .write(let chain) = access else { return 0 }
        let commits = try row(
            """
            INSERT INTO chains (writer, sequence, digest, commits) VALUES (?, 0, ?, 1)
            ON CONFLICT (writer) DO UPDATE SET commits = commits + 1 RETURNING commits
            """,
            [.text(chain), .blob(TransferChain.empty.digest)],
            of: "chains",
        ) { columns in try columns.integer("commits") }
        guard let commits else { throw StoreError.corrupt("a count: no row") }
        return commits
    }

    /// How many durable commits there have been, of every chain.
    func commitCount() throws -> Int64 {
        Int64(try count("SELECT coalesce(sum(commits), 0) AS count FROM chains"))
    }

    /// Writes rows.
    func execute(_ sql: StaticString, _ values: [StoredValue]) throws {
        try statements.run(sql, values, isSealed: false)
    }

    /// Writes a row whose last parameter is the seal of all others.
    func executeSealed(_ sql: StaticString, _ values: [StoredValue]) throws {
        try statements.run(sql, values, isSealed: true)
    }

    /// What `read` makes of the first row; `nil` where there is none.
    func row<Value>(
        _ sql: StaticString,
        _ values: [StoredValue],
        of table: String,
        _ read: (inout RowReader) throws -> Value,
    ) throws -> Value? {
        var value: Value?
        try statements.read(sql, values) { row in
            var columns = RowReader(row, of: table)
            value = try read(&columns)
            // A write that returns its row is done once it has been stepped to its end.
            return true
        }
        return value
    }

    /// What `read` makes of each row.
    func rows<Value>(
        _ sql: String,
        _ values: [StoredValue] = [],
        of table: String,
        _ read: (inout RowReader) throws -> Value,
    ) throws -> [Value] {
        var all: [Value] = []
        try statements.read(sql, values) { row in
            var columns = RowReader(row, of: table)
            all.append(try read(&columns))
            return true
        }
        return all
    }

    /// The number in the only column of a query's only row.
    func count(_ sql: StaticString, _ values: [StoredValue] = []) throws -> Int {
        let count = try row(sql, values, of: "a count") { try $0.integer("count") }
        guard let count else { throw StoreError.corrupt("a count: no row") }
        return Int(count)
    }
}
