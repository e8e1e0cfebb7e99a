import FoundationEssentials
import Glibc
import Ledger
import Primitives
import Synchronization

/// How many durable commits a database has had, kept in a file beside it.
///
/// SQLite cuts its log at the first frame that it can not read, and what followed is gone without a
/// word. The database counts its durable commits, and this file remembers the count: a database that
/// counts fewer has lost what was answered. The file is written after each durable commit and never
/// synced, so it is never ahead of an honest disk; after a power cut it may be behind, which only
/// means that it tells less.
final class CommitMark: Sendable {
    private let descriptor: Mutex<Int32?>

    private init(_ descriptor: Int32) { self.descriptor = Mutex(descriptor) }

    /// Opens the mark of the database at `path`, or makes one that says nothing yet.
    ///
    /// - Throws: ``SQLiteOpenError/cannotOpen(path:reason:)``.
    static func open(besides path: String) throws(SQLiteOpenError) -> CommitMark {
        let file = file(besides: path)
        let descriptor = Glibc.open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .cannotOpen(path: file, reason: lastSystemError()) }
        return CommitMark(descriptor)
    }

    /// Remembers that there have been `count` durable commits.
    ///
    /// A failure is passed over: the mark then tells less.
    func write(_ count: Int64) {
        let line = Array(CommitMark.line(count).utf8)
        descriptor.withLock { descriptor in
            guard let descriptor else { return }
            _ = pwrite(descriptor, line, line.count, 0)
        }
    }

    func close() {
        descriptor.withLock { descriptor in
            if let open = descriptor { Glibc.close(open) }
            descriptor = nil
        }
    }

    /// How many durable commits the database at `path` has had at least; `nil` where nothing says.
    ///
    /// - Throws: ``SQLiteOpenError/markUnreadable(path:)``.
    static func count(besides path: String) throws(SQLiteOpenError) -> Int64? {
        let file = file(besides: path)
        // A gateway may be writing it at this moment.
        for _ in 0..<3 {
            let data = FileManager.default.contents(atPath: file) ?? Data()
            // A power cut can leave zeros, which say nothing either.
            if data.allSatisfy({ $0 == 0 }) { return nil }
            let text = String(decoding: data, as: UTF8.self)
            let count = text.prefix { $0 != " " }
            if let count = Int64(count), text == line(count) { return count }
        }
        throw .markUnreadable(path: file)
    }

    /// The count in twenty digits, so that a line is never shorter than the one that it replaces,
    /// and half of its digest.
    private static func line(_ count: Int64) -> String {
        let digits = String(count)
        let padded = String(repeating: "0", count: 20 - digits.count) + digits
        let digest = FieldDigest.of(["durable commits", padded])
        return "\(padded) \(Hexadecimal.text(Array(digest.prefix(16))))\n"
    }

    static func file(besides path: String) -> String { path + ".mark" }
}
