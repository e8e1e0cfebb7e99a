import FoundationEssentials
import GatewayTestKit
import Glibc
import Ledger
import Primitives
import Testing

@testable import StoreSQLite

struct CommitMarkTests {
    @Test(arguments: [SQLiteStore.Access.exclusive, .readOnly])
    func `a database that lost what was answered is not opened, and left as it is`(
        access: SQLiteStore.Access
    ) async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/farebox.db"
            let location = SQLiteLocation.file(path)
            for customer in ["acme", "other"] as [CustomerID] {
                let store = try SQLiteStore.open(location, access: .exclusive)
                try await AnyStore(store).fund(customer, 100)
                try await store.close()
                for log in ["-wal", "-shm"] { unlink(path + log) }
                if customer == "acme" { try copy(path, to: path + ".old") }
            }
            try copy(path + ".old", to: path)
            let old = try #require(FileManager.default.contents(atPath: path))

            #expect(throws: SQLiteOpenError.behind(path: path, commits: 1, answered: 2)) {
                try SQLiteStore.open(location, access: access)
            }
            #expect(FileManager.default.contents(atPath: path) == old)

            unlink(CommitMark.file(besides: path))
            let store = try SQLiteStore.open(location, access: .exclusive)
            #expect(try await AnyStore(store).balance(of: "acme") == Balance(100, 0))
            try await store.close()
        }
    }

    @Test func `a database that is gone is not made anew`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/farebox.db"
            let store = try SQLiteStore.open(.file(path), access: .exclusive)
            try await AnyStore(store).fund("acme", 100)
            try await store.close()
            unlink(path)
            #expect(throws: SQLiteOpenError.behind(path: path, commits: 0, answered: 1)) {
                try SQLiteStore.open(.file(path), access: .exclusive)
            }
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test func `only a durable commit is remembered`() async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/farebox.db"
            let store = try SQLiteStore.open(.file(path), access: .exclusive)
            #expect(try CommitMark.count(besides: path) == nil)
            try await AnyStore(store).fund("acme", 100)
            #expect(try CommitMark.count(besides: path) == 1)
            _ = try await store.write(.visible) { _ in 0 }
            #expect(try CommitMark.count(besides: path) == 1)
            try await store.close()
        }
    }

    @Test(arguments: ["1", "00000000000000000001 00", "x y", " ", "-1 0"])
    func `a mark that is damaged is not believed`(text: String) async throws {
        try await withTemporaryFolder { folder in
            let path = "\(folder)/farebox.db"
            let mark = CommitMark.file(besides: path)
            _ = FileManager.default.createFile(atPath: mark, contents: Data(text.utf8))
            #expect(throws: SQLiteOpenError.markUnreadable(path: mark)) {
                try SQLiteStore.open(.file(path), access: .exclusive)
            }
        }
    }

    private func copy(_ path: String, to other: String) throws {
        let content = try #require(FileManager.default.contents(atPath: path))
        try content.write(to: URL(filePath: other))
    }
}
