import FoundationEssentials

/// Where a SQLite database is kept, written `sqlite:PATH` or `sqlite::memory:`.
package enum SQLiteLocation: Hashable, Sendable, CustomStringConvertible {
    /// A file; its lock, its log and its index lie beside it.
    case file(String)
    /// A database that ends with its store: for trying things out.
    case memory

    private static let scheme = "sqlite:"

    /// Reads a location as it is written in the configuration.
    ///
    /// - Throws: ``SQLiteOpenError/notALocation(_:)``.
    package init(_ text: String) throws(SQLiteOpenError) {
        guard text.hasPrefix(SQLiteLocation.scheme) else { throw .notALocation(text) }
        let path = String(text.dropFirst(SQLiteLocation.scheme.count))
        if path == ":memory:" {
            self = .memory
            return
        }
        guard !path.isEmpty, !path.hasSuffix("/"), !path.utf8.contains(0) else {
            throw .notALocation(text)
        }
        self = .file(path)
    }

    /// Whether a database is there, or has left its mark: what has lost its database is told of as it is opened.
    package var isUsed: Bool {
        switch self {
        case .file(let path):
            [path, CommitMark.file(besides: path)].contains {
                FileManager.default.fileExists(atPath: $0)
            }
        case .memory: false
        }
    }

    package var description: String {
        switch self {
        case .file(let path): SQLiteLocation.scheme + path
        case .memory: SQLiteLocation.scheme + ":memory:"
        }
    }
}
