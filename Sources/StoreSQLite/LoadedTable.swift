/// Rows of one table that were loaded or written, and which of them differ from the stored ones.
struct LoadedTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// What is known of a row.
    enum Known {
        case nothing
        /// The table has no such row.
        case absent
        case row(Value)
    }

    private struct Row {
        /// `nil` where the table is known to have no such row.
        var value: Value?
        /// Whether the table is known to have a row of this key, which is then only updated.
        var isStored = false
        var isChanged = false
    }

    private var rows: [Key: Row] = [:]
    /// The keys of the changed rows, in the order in which they were changed first, and of some that
    /// were stored or forgotten since.
    private var changed: [Key] = []

    var count: Int { rows.count }

    /// What is known of the row of this key.
    subscript(_ key: Key) -> Known {
        guard let row = rows[key] else { return .nothing }
        return row.value.map(Known.row) ?? .absent
    }

    /// Takes a row as it is stored; `nil` where there is none.
    mutating func remember(_ value: Value?, for key: Key) {
        rows[key] = Row(value: value, isStored: value != nil)
    }

    /// Takes a row as it is to be stored.
    ///
    /// - Returns: whether the table is known to have a row of this key.
    @discardableResult
    mutating func change(_ value: Value, for key: Key) -> Bool {
        let (isStored, wasChanged) = LoadedTable.change(&rows[key, default: Row()], to: value)
        if !wasChanged { changed.append(key) }
        return isStored
    }

    /// Takes a row of which only that has become different which is not stored.
    mutating func adjust(_ value: Value, for key: Key) {
        rows[key]?.value = value
    }

    private static func change(
        _ row: inout Row,
        to value: Value,
    ) -> (isStored: Bool, wasChanged: Bool) {
        defer { row.isChanged = true }
        row.value = value
        return (row.isStored, row.isChanged)
    }

    /// Hands each row that is to be stored to `store`, once, with whether it is known to be there.
    mutating func storeChanged(
        _ store: (_ key: Key, _ value: Value, _ isStored: Bool) throws -> Void
    ) rethrows {
        for key in changed {
            guard let place = rows.index(forKey: key), rows.values[place].isChanged,
                let value = rows.values[place].value
            else { continue }
            try store(key, value, rows.values[place].isStored)
            rows.values[place].isStored = true
            rows.values[place].isChanged = false
        }
        changed.removeAll(keepingCapacity: true)
    }

    mutating func forget(_ key: Key) { rows[key] = nil }
}
