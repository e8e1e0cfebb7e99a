import GRDB
package import Ledger
import Primitives

extension SQLiteTransaction: LedgerTransaction {
    package mutating func transfer(_ id: TransferID) throws -> Transfer? {
        try row("\(TransferRow.select) WHERE id = ?", [id.description])
            .map { try TransferRow.link($0).transfer }
    }

    package mutating func append(_ transfer: Transfer) throws {
        let chain = willWrite()
        var end = try loadedEnd(of: chain)
        let link = end.append(transfer)
        chainEnd = Loaded(value: end, isChanged: true)
        try execute(TransferRow.insert, TransferRow.arguments(link, of: chain))
    }

    private func loadedEnd(of chain: String) throws -> TransferChain {
        if let chainEnd { return chainEnd.value }
        return try storedEnd(of: chain)
    }

    private func storedEnd(of writer: String) throws -> TransferChain {
        let sql = "SELECT sequence, digest FROM chains WHERE writer = ?"
        guard let row = try row(sql, [writer]) else { return .empty }
        var columns = RowReader(row, of: "chains")
        return TransferChain(
            sequence: try columns.integer("sequence"),
            digest: try columns.blob("digest"),
        )
    }
}

extension SQLiteTransaction: LedgerReading {
    package mutating func writers() throws -> [String] {
        try flush()
        // A chain whose remembered end was lost is still audited, and the other way round.
        return try rows(
            "SELECT writer FROM chains UNION SELECT DISTINCT writer FROM transfers ORDER BY 1"
        ).map { row in
            var columns = RowReader(row, of: "chains")
            return try columns.text("writer")
        }
    }

    package mutating func transfers(
        of writer: String,
        after sequence: Int64,
        limit: Int,
    ) throws -> [ChainedTransfer] {
        try rows(
            "\(TransferRow.select) WHERE writer = ? AND sequence > ? ORDER BY sequence LIMIT ?",
            [writer, sequence, max(0, limit)],
        ).map(TransferRow.link)
    }

    package mutating func chain(of writer: String) throws -> TransferChain {
        try flush()
        return try storedEnd(of: writer)
    }

    package mutating func accounts() throws -> [(AccountID, Balance)] {
        try flush()
        return try rows(
            "SELECT id, kind, asset, credits, debits, held FROM accounts ORDER BY id"
        ).map { row in
            var columns = RowReader(row, of: "accounts")
            let id = try columns.parsed("id", AccountID.init)
            // Totals are summed by these, and a reader's connection checks no constraint.
            guard try columns.text("kind") == id.kind else { throw columns.corrupt("kind") }
            guard try columns.text("asset") == id.asset.rawValue else {
                throw columns.corrupt("asset")
            }
            return (id, try columns.balance())
        }
    }

    package mutating func totals() throws -> [AccountTotal] {
        try flush()
        return try rows(
            """
            SELECT kind, asset, count(*), sum(credits), sum(debits), sum(held) FROM accounts
            GROUP BY kind, asset ORDER BY kind, asset
            """
        ).map { row in
            var columns = RowReader(row, of: "accounts")
            return AccountTotal(
                kind: try columns.text("kind"),
                asset: try columns.parsed("asset", Asset.init(rawValue:)),
                accounts: Int(try columns.integer("count")),
                balance: try columns.balance(),
            )
        }
    }
}
