import FoundationEssentials
import GatewayTestKit
import Glibc
import StoreSQLite
import Testing

/// The stores that must behave as one.
enum StoreKind: String, CaseIterable, CustomTestStringConvertible {
    case model
    case file
    case memory

    var testDescription: String { rawValue }

    /// Runs `body` on an empty store of this kind and removes what it left behind.
    func withStore(_ body: (AnyStore) async throws -> Void) async throws {
        switch self {
        case .model: try await body(AnyStore(MemoryStore()))
        case .memory:
            let store = try SQLiteStore.open(.memory, access: .exclusive)
            try await body(AnyStore(store))
            try await store.close()
        case .file:
            try await withTemporaryFolder { folder in
                let store = try SQLiteStore.open(.file("\(folder)/farebox.db"), access: .exclusive)
                try await body(AnyStore(store))
                try await store.close()
            }
        }
    }
}

/// Runs `body` with the path of a new folder, which is removed however it ends.
func withTemporaryFolder(_ body: (String) async throws -> Void) async throws {
    var template = Array("/tmp/farebox-test-XXXXXX".utf8CString)
    let made = mkdtemp(&template).map { String(cString: $0) }
    let folder = try #require(made)
    do {
        try await body(folder)
    } catch {
        try FileManager.default.removeItem(atPath: folder)
        throw error
    }
    try FileManager.default.removeItem(atPath: folder)
}
