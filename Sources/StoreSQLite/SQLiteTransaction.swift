import GRDB
import Ledger
import Primitives

/// One transaction on the database, seen through every module's slice.
///
/// A batch of writes shares one: what it has loaded is loaded once, and accounts, holds,
/// spendings and the chain's end are written once, at the end, however many writes touched them.
package struct SQLiteTransaction {
    /// What a transaction may do.
    enum Access: Equatable {
        case read
        /// Transfers are appended to the chain of this name.
        case write(chain: String)
    }

    /// A row that was loaded, and whether it differs from the stored one.
    struct Loaded<Value> {
        var value: Value
        var isChanged: Bool
    }

    let database: Database
    private let access: Access
    /// How many rows were written so far; it tells whether a body that threw had written.
    private(set) var writeCount = 0
    var balances: [AccountID: Loaded<Balance>] = [:]
    var holds: [InferenceID: Loaded<Hold>] = [:]
    var loadedSpendings: [Spender: Loaded<Spending>] = [:]
    var chainEnd: Loaded<TransferChain>?

    init(_ database: Database, access: Access) {
        self.database = database
        self.access = access
    }

    /// The name of the chain that this transaction appends to; called before each write.
    @discardableResult
    mutating func willWrite() -> String {
        guard case .write(let chain) = access else {
            preconditionFailure("a read does not write: ask the store for a write")
        }
        writeCount += 1
        return chain
    }

    /// Writes back what was changed, so that queries over whole tables see it.
    mutating func flush() throws {
        guard case .write(let chain) = access else { return }
        try flushBalances()
        try flushHolds()
        try flushSpendings()
        if let end = chainEnd, end.isChanged {
            try execute(
                """
                INSERT INTO chains (writer, sequence, digest, commits) VALUES (?, ?, ?, 0)
                ON CONFLICT (writer) DO UPDATE
                SET sequence = excluded.sequence, digest = excluded.digest
                """,
                [chain, end.value.sequence, end.value.digest.asBlob],
            )
            chainEnd?.isChanged = false
        }
    }

    /// Counts this transaction as a durable commit of its chain.
    ///
    /// - Returns: how many there have been, with this one.
    mutating func countCommit() throws -> Int64 {
        guard case .write(let chain) = access else { return 0 }
        let row = try row(
            """
            INSERT INTO chains (writer, sequence, digest, commits) VALUES (?, 0, ?, 1)
            ON CONFLICT (writer) DO UPDATE SET commits = commits + 1 RETURNING commits
            """,
            [chain, TransferChain.empty.digest.asBlob],
        )
        guard let row else { throw StoreError.corrupt("a count: no row") }
        var columns = RowReader(row, of: "chains")
        return try columns.integer("commits")
    }

    /// How many durable commits there have been, of every chain.
    func commitCount() throws -> Int64 {
        Int64(try count("SELECT coalesce(sum(commits), 0) AS count FROM chains"))
    }

    func execute(_ sql: String, _ arguments: StatementArguments) throws {
        try database.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    func row(_ sql: String, _ arguments: StatementArguments = []) throws -> Row? {
        try Row.fetchOne(database.cachedStatement(sql: sql), arguments: arguments)
    }

    func rows(_ sql: String, _ arguments: StatementArguments = []) throws -> [Row] {
        try Row.fetchAll(database.cachedStatement(sql: sql), arguments: arguments)
    }

    /// The number in the only column of a query's only row.
    func count(_ sql: String, _ arguments: StatementArguments = []) throws -> Int {
        guard let row = try row(sql, arguments) else { throw StoreError.corrupt("a count: no row") }
        var columns = RowReader(row, of: "a count")
        return Int(try columns.integer("count"))
    }
}
