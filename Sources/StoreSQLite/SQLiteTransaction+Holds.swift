package import Ledger
package import Primitives

extension SQLiteTransaction {
    package mutating func hold(_ id: InferenceID) throws -> Hold? {
        switch loaded.holds[id] {
        case .row(let found): return found
        case .absent: return nil
        case .nothing: break
        }
        let stored = try row(HoldRow.selectOne, [.text(id.description)], of: "holds") { columns in
            try HoldRow.hold(&columns)
        }
        loaded.holds.remember(stored, for: id)
        return stored
    }

    package mutating func save(_ hold: Hold) throws {
        willWrite()
        loaded.save(hold)
    }

    package mutating func openHolds(leasedBefore deadline: Timestamp, limit: Int) throws -> [Hold] {
        try flush()
        return try rows(
            """
            \(HoldRow.select) WHERE id IN
                (SELECT id FROM holds WHERE state = 'open' AND lease < ? ORDER BY lease, id LIMIT ?)
            ORDER BY lease, id
            """,
            [.integer(deadline.microseconds), .integer(Int64(max(0, limit)))],
            of: "holds",
        ) { columns in try HoldRow.hold(&columns) }
    }

    package mutating func holds(after id: InferenceID?, limit: Int) throws -> [Hold] {
        try flush()
        return try rows(
            "\(HoldRow.select) WHERE id > ? ORDER BY id LIMIT ?",
            [.text(id?.description ?? ""), .integer(Int64(max(0, limit)))],
            of: "holds",
        ) { columns in try HoldRow.hold(&columns) }
    }

    package mutating func openHoldCount() throws -> Int {
        try flush()
        return try count("SELECT count(*) FROM holds WHERE state = 'open'")
    }

    mutating func flushHolds() throws {
        let statements = statements
        try loaded.holds.storeChanged { _, hold, isStored in
            let values = HoldRow.values(of: hold)
            if isStored {
                try statements.update(HoldRow.update, values, isSealed: true)
            } else {
                try statements.run(HoldRow.upsert, values, isSealed: true)
            }
        }
    }
}
