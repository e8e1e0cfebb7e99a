package import Ledger
import Primitives

extension SQLiteTransaction: LedgerTransaction {
    package mutating func transfer(_ id: TransferID) throws -> Transfer? {
        try row(TransferRow.selectOne, [.text(id.description)], of: "transfers") { columns in
            try TransferRow.link(&columns).transfer
        }
    }

    package mutating func append(_ transfer: Transfer) throws {
        var end = try loadedEnd(of: chain)
        willWrite()
        let link = end.append(transfer)
        loaded.chainEnd = end
        loaded.isChainChanged = true
        try execute(TransferRow.insert, TransferRow.values(of: link, in: chain))
    }

    private func loadedEnd(of chain: String) throws -> TransferChain {
        if let end = loaded.chainEnd { return end }
        return try storedEnd(of: chain)
    }

    private func storedEnd(of writer: String) throws -> TransferChain {
        let end = try row(
            "SELECT sequence, digest FROM chains WHERE writer = ?",
            [.text(writer)],
            of: "chains",
        ) { columns in
            TransferChain(
                sequence: try columns.integer("sequence"),
                digest: try columns.blob("digest"),
            )
        }
        return end ?? .empty
    }
}

extension SQLiteTransaction: LedgerReading {
    package mutating func writers() throws -> [String] {
        try flush()
        // A chain whose remembered end was lost is still audited, and the other way round.
        return try rows(
            "SELECT writer FROM chains UNION SELECT DISTINCT writer FROM transfers ORDER BY 1",
            of: "chains",
        ) { columns in try columns.text("writer") }
    }

    package mutating func transfers(
        of writer: String,
        after sequence: Int64,
        limit: Int,
    ) throws -> [ChainedTransfer] {
        try rows(
            "\(TransferRow.select) WHERE writer = ? AND sequence > ? ORDER BY sequence LIMIT ?",
            [.text(writer), .integer(sequence), .integer(Int64(max(0, limit)))],
            of: "transfers",
        ) { columns in try TransferRow.link(&columns) }
    }

    package mutating func chain(of writer: String) throws -> TransferChain {
        try flush()
        return try storedEnd(of: writer)
    }

    package mutating func accounts() throws -> [(AccountID, Balance)] {
        try flush()
        let held = try reservedByAccount()
        return try rows(
            "SELECT id, kind, asset, credits, debits FROM accounts ORDER BY id",
            of: "accounts",
        ) { columns in
            let id = try columns.parsed("id", AccountID.init)
            // Totals are summed by these, and a reader's connection checks no constraint.
            guard try columns.text("kind") == id.kind else { throw columns.corrupt("kind") }
            guard try columns.text("asset") == id.asset.rawValue else {
                throw columns.corrupt("asset")
            }
            return (id, try columns.balance(holding: held[id] ?? .zero))
        }
    }

    package mutating func totals() throws -> [AccountTotal] {
        try flush()
        let held = try reservedByAccount()
        return try rows(
            """
            SELECT kind, asset, count(*), sum(credits), sum(debits) FROM accounts
            GROUP BY kind, asset ORDER BY kind, asset
            """,
            of: "accounts",
        ) { columns in
            let kind = try columns.text("kind")
            let asset = try columns.parsed("asset", Asset.init(rawValue:))
            let reserved = held.filter { $0.key.kind == kind && $0.key.asset == asset }.values
                .reduce(.zero, saturatingSum)
            return AccountTotal(
                kind: kind,
                asset: asset,
                accounts: Int(try columns.integer("count")),
                balance: try columns.balance(holding: reserved),
            )
        }
    }
}
