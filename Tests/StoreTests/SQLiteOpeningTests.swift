import FoundationEssentials
import GRDB
import GatewayTestKit
import Glibc
import Ledger
import Primitives
import Testing

@testable import StoreSQLite

struct SQLiteOpeningTests {
    @Test(arguments: [
        ("sqlite:farebox.db", SQLiteLocation.file("farebox.db")),
        ("sqlite:/var/lib/farebox/a b.db", .file("/var/lib/farebox/a b.db")),
        ("sqlite::memory:", .memory),
    ])
    func `a location is read and printed`(_ text: String, _ location: SQLiteLocation) throws {
        #expect(try SQLiteLocation(text) == location)
        #expect(location.description == text)
    }

    @Test(arguments: ["", "farebox.db", "sqlite:", "sqlite:/tmp/", "postgres://x", "sqlite:a\0b"])
    func `anything else is no location`(_ text: String) {
        #expect(throws: SQLiteOpenError.notALocation(text)) { try SQLiteLocation(text) }
    }

    @Test func `a second process is refused at once, and told what the first announced`()
        async throws
    {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/deep/er/farebox.db"
            let store = try SQLiteStore.open(.file(path), access: .exclusive)
            store.announce("http://127.0.0.1:1/")
            store.announce("http://127.0.0.1:8080")
            #expect(throws: SQLiteOpenError.locked(path: path)) {
                try SQLiteStore.open(.file(path), access: .exclusive)
            }
            #expect(SQLiteStore.announcement(at: .file(path)) == "http://127.0.0.1:8080")
            try await store.close()
            #expect(SQLiteStore.announcement(at: .file(path)) == nil)
            let next = try SQLiteStore.open(.file(path), access: .exclusive)
            try await next.close()
        }
    }

    @Test func `a start believes no log that somebody still reads, and says so`() async throws {
        try await withTemporaryFolder { folder in
            let location = SQLiteLocation.file("\(folder)/farebox.db")
            let first = try SQLiteStore.open(location, access: .exclusive)
            try await AnyStore(first).fund("acme", 100)
            let reader = try SQLiteStore.open(location, access: .readOnly)
            let gate = Gate()
            async let reading: Void = reader.read { transaction in
                _ = try transaction.accounts()
                gate.stand()
            }
            await gate.waitUntilEntered()
            first.abandon()
            #expect {
                try SQLiteStore.open(location, access: .exclusive)
            } throws: { error in
                "\(error)".contains("another process is reading it")
            }
            gate.open()
            try await reading
            try await reader.close()
            let next = try SQLiteStore.open(location, access: .exclusive)
            #expect(try await AnyStore(next).balance(of: "acme") == Balance(100, 0))
            try await next.close()
        }
    }

    @Test func `what was written is found again, and only by reading`() async throws {
        try await withTemporaryFolder { folder in
            let location = SQLiteLocation.file("\(folder)/farebox.db")
            let store = try SQLiteStore.open(location, access: .exclusive)
            try await AnyStore(store).fund("acme", 100)
            let beside = try SQLiteStore.open(location, access: .readOnly)
            #expect(try await AnyStore(beside).balance(of: "acme") == Balance(100, 0))
            try await AnyStore(store).place("h", of: "acme", 30)
            #expect(try await AnyStore(beside).balance(of: "acme") == Balance(100, 0, held: 30))
            await #expect(throws: StoreError.stopped) {
                try await AnyStore(beside).fund("acme", 100)
            }
            try await beside.close()
            try await store.close()
            let later = try SQLiteStore.open(location, access: .readOnly)
            #expect(try await AnyStore(later).balance(of: "acme") == Balance(100, 0, held: 30))
            try await later.close()
            let reopened = try SQLiteStore.open(location, access: .exclusive)
            try await AnyStore(reopened).place("h2", of: "acme", 30)
            #expect(try await AnyStore(reopened).audit().openHoldCount == 2)
            try await reopened.close()
        }
    }

    @Test func `a reader changes neither the database nor its log`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/farebox.db"
            let store = try SQLiteStore.open(.file(path), access: .exclusive)
            try await AnyStore(store).fund("acme", 100)
            try await AnyStore(store).place("h", of: "acme", 30)
            // A copy of the files, as a process that was killed leaves them.
            let copy = "\(folder)/copy.db"
            for suffix in ["", "-wal"] {
                try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
            }
            let before = ["", "-wal"].map { FileManager.default.contents(atPath: copy + $0) }
            #expect(before.allSatisfy { ($0?.count ?? 0) > 0 })
            let reader = try SQLiteStore.open(.file(copy), access: .readOnly)
            #expect(try await AnyStore(reader).audit().openHoldCount == 1)
            // SQLite itself would refuse, should a query ever try.
            await #expect(throws: DatabaseError.self) {
                try await reader.database.writeWithoutTransaction { database in
                    try database.execute(sql: "DELETE FROM holds")
                }
            }
            try await reader.close()
            #expect(["", "-wal"].map { FileManager.default.contents(atPath: copy + $0) } == before)
            #expect(!FileManager.default.fileExists(atPath: copy + ".lock"))
            try await store.close()
        }
    }

    @Test func `a database that is not there is not made by reading`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/farebox.db"
            #expect(throws: SQLiteOpenError.missing(path: path)) {
                try SQLiteStore.open(.file(path), access: .readOnly)
            }
            #expect(!FileManager.default.fileExists(atPath: path))
            #expect(throws: SQLiteOpenError.missing(path: ":memory:")) {
                try SQLiteStore.open(.memory, access: .readOnly)
            }
        }
    }

    @Test func `a file that is no database, an old or a newer one is refused`() async throws {
        try await withTemporaryFolder { folder in
            let junk = "\(folder)/junk.db"
            let text = Data(String(repeating: "no database ", count: 1000).utf8)
            #expect(FileManager.default.createFile(atPath: junk, contents: text))
            #expect(throws: SQLiteOpenError.self) {
                try SQLiteStore.open(.file(junk), access: .exclusive)
            }
            #expect(throws: SQLiteOpenError.self) {
                try SQLiteStore.open(.file(junk), access: .readOnly)
            }
            #expect(FileManager.default.contents(atPath: junk) == text)

            let path = "\(folder)/farebox.db"
            try await SQLiteStore.open(.file(path), access: .exclusive).close()
            try rawSQL(path, "INSERT INTO grdb_migrations VALUES ('2099-01 other')")
            for access in [SQLiteStore.Access.exclusive, .readOnly] {
                #expect(throws: SQLiteOpenError.tooNew) {
                    try SQLiteStore.open(.file(path), access: access)
                }
            }
            try rawSQL(path, "DELETE FROM grdb_migrations WHERE identifier >= '2026-01 receipts'")
            #expect(throws: SQLiteOpenError.tooOld) {
                try SQLiteStore.open(.file(path), access: .readOnly)
            }
        }
    }

    @Test func `tables of another build are neither written to nor read`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/farebox.db"
            try await SQLiteStore.open(.file(path), access: .exclusive).close()
            try rawSQL(path, "ALTER TABLE accounts ADD COLUMN held INTEGER NOT NULL DEFAULT 0")
            let refusal = SQLiteOpenError.otherTables(path: path)
            #expect(throws: refusal) { try SQLiteStore.open(.file(path), access: .exclusive) }
            #expect(throws: refusal) { try SQLiteStore.open(.file(path), access: .readOnly) }
            #expect(refusal.message.contains(path) && refusal.message.contains("move"))
            try rawSQL(path, "ALTER TABLE accounts DROP COLUMN held")
            try await SQLiteStore.open(.file(path), access: .exclusive).close()
        }
    }

    @Test func `what was answered survives a process that is killed`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/farebox.db"
            await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
                let store = try SQLiteStore.open(.file(path), access: .exclusive)
                store.announce("http://127.0.0.1:8080")
                try await AnyStore(store).fund("acme", 100)
                for number in 0..<20 {
                    try await AnyStore(store).place(InferenceID("h\(number)"), of: "acme", 2)
                }
                raise(SIGKILL)
            }
            let reader = try SQLiteStore.open(.file(path), access: .readOnly)
            #expect(try await AnyStore(reader).audit().openHoldCount == 20)
            try await reader.close()
            let store = try SQLiteStore.open(.file(path), access: .exclusive)
            #expect(SQLiteStore.announcement(at: .file(path)) == nil)
            #expect(try await AnyStore(store).audit().openHoldCount == 20)
            try await store.close()
        }
    }

    @Test func `a closed store takes neither writes nor reads`() async throws {
        let store = try SQLiteStore.open(.memory, access: .exclusive)
        try await store.close()
        #expect(store.isStopped)
        await #expect(throws: StoreError.stopped) { try await AnyStore(store).fund("acme", 1) }
        await #expect(throws: StoreError.stopped) { try await AnyStore(store).balance(of: "acme") }
        try await store.close()
    }
}

/// Runs `sql` on the file behind the store's back.
func rawSQL(_ path: String, _ sql: String) throws {
    let database = try DatabaseQueue(path: path)
    try database.writeWithoutTransaction { try $0.execute(sql: sql) }
    try database.close()
}
