import GRDB
package import Ledger
package import Primitives

extension SQLiteTransaction {
    package mutating func hold(_ id: InferenceID) throws -> Hold? {
        if let loaded = holds[id] { return loaded.value }
        guard let row = try row("\(HoldRow.select) WHERE id = ?", [id.description]) else {
            return nil
        }
        let hold = try HoldRow.hold(row)
        holds[id] = Loaded(value: hold, isChanged: false)
        return hold
    }

    package mutating func save(_ hold: Hold) throws {
        willWrite()
        holds[hold.id] = Loaded(value: hold, isChanged: true)
    }

    package mutating func openHolds(leasedBefore deadline: Timestamp, limit: Int) throws -> [Hold] {
        try flush()
        return try rows(
            """
            \(HoldRow.select) WHERE state = 'open' AND lease < ? ORDER BY lease, id LIMIT ?
            """,
            [deadline.microseconds, max(0, limit)],
        ).map(HoldRow.hold)
    }

    package mutating func holds(after id: InferenceID?, limit: Int) throws -> [Hold] {
        try flush()
        return try rows(
            "\(HoldRow.select) WHERE id > ? ORDER BY id LIMIT ?",
            [id?.description ?? "", max(0, limit)],
        ).map(HoldRow.hold)
    }

    package mutating func openHoldCount() throws -> Int {
        try flush()
        return try count("SELECT count(*) FROM holds WHERE state = 'open'")
    }

    mutating func flushHolds() throws {
        for (id, loaded) in holds where loaded.isChanged {
            try execute(HoldRow.upsert, HoldRow.arguments(loaded.value))
            holds[id]?.isChanged = false
        }
    }
}
