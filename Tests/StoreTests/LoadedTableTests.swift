import Testing

@testable import StoreSQLite

struct LoadedTableTests {
    private typealias Table = LoadedTable<String, Int>

    /// What `table` would store now, as `key=value` and `+` where the row may be new.
    private func stored(_ table: inout Table) -> [String] {
        var lines: [String] = []
        table.storeChanged { key, value, isStored in
            lines.append("\(key)=\(value)\(isStored ? "" : "+")")
        }
        return lines
    }

    private func known(_ table: Table, _ key: String) -> String {
        switch table[key] {
        case .nothing: "nothing"
        case .absent: "absent"
        case .row(let value): "\(value)"
        }
    }

    @Test func `what was never asked for is not taken for absent`() {
        var table = Table()
        #expect(known(table, "a") == "nothing")
        table.remember(nil, for: "a")
        table.remember(0, for: "b")
        #expect(known(table, "a") == "absent")
        #expect(known(table, "b") == "0")
        table.forget("b")
        #expect(known(table, "b") == "nothing")
    }

    @Test func `only a row that was read or written is taken to be there`() {
        var table = Table()
        table.remember(1, for: "read")
        table.remember(nil, for: "absent")
        let results = ["read", "absent", "unknown"].map { table.change(2, for: $0) }
        #expect(results == [true, false, false])
        #expect(stored(&table) == ["read=2", "absent=2+", "unknown=2+"])
        for key in ["unknown", "absent", "read"] { table.change(3, for: key) }
        #expect(stored(&table) == ["unknown=3", "absent=3", "read=3"])
    }

    @Test func `a row is stored once, as it became`() {
        var table = Table()
        table.change(1, for: "a")
        table.change(2, for: "b")
        table.change(3, for: "a")
        #expect(stored(&table) == ["a=3+", "b=2+"])
        #expect(stored(&table).isEmpty)
    }

    @Test func `a row that was written meanwhile, or forgotten, is not stored again`() {
        var table = Table()
        table.change(1, for: "written")
        table.remember(1, for: "written")
        table.change(1, for: "forgotten")
        table.forget("forgotten")
        #expect(stored(&table).isEmpty)
        table.change(2, for: "written")
        #expect(stored(&table) == ["written=2"])
    }

    @Test func `what could not be stored is still to be stored`() {
        struct Full: Error {}
        var table = Table()
        table.change(1, for: "a")
        table.change(2, for: "b")
        #expect(throws: Full.self) {
            try table.storeChanged { key, _, _ in if key == "b" { throw Full() } }
        }
        #expect(stored(&table) == ["b=2+"])
    }
}
