import Ledger
import Primitives

/// The bytes of a name, which databases sort by.
struct SortKey: Comparable {
    private let bytes: [UInt8]

    init(_ name: some CustomStringConvertible) { bytes = Array(name.description.utf8) }

    static func < (lhs: SortKey, rhs: SortKey) -> Bool {
        lhs.bytes.lexicographicallyPrecedes(rhs.bytes)
    }
}

extension Identifier {
    var sortKey: SortKey { SortKey(self) }
}

extension AccountID {
    var sortKey: SortKey { SortKey(self) }
}

extension Spender {
    var sortKey: SortKey { SortKey(self) }
}

extension Collection {
    /// The elements after `id` in id order, at most `limit`.
    func page<Subject>(
        after id: Identifier<Subject>?,
        limit: Int,
        by name: (Element) -> Identifier<Subject>,
    ) -> [Element] {
        let start = SortKey(id?.description ?? "")
        let later = filter { start < name($0).sortKey }
        return Array(later.sorted { name($0).sortKey < name($1).sortKey }.prefix(limit))
    }
}
