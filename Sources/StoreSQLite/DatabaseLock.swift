import FoundationEssentials
import Glibc
import Synchronization

/// The lock file beside a database: whoever holds it is the one process that writes.
///
/// The kernel lets go of it when the process ends, however it ends. The file's content is a note
/// from the holder to everybody else.
final class DatabaseLock: Sendable {
    private let descriptor: Mutex<Int32?>

    private init(_ descriptor: Int32) { self.descriptor = Mutex(descriptor) }

    deinit { release() }

    /// Takes the lock of the database at `path`, at once or not at all.
    ///
    /// - Throws: ``SQLiteOpenError/locked(path:)``, ``SQLiteOpenError/cannotOpen(path:reason:)``.
    static func acquire(besides path: String) throws(SQLiteOpenError) -> DatabaseLock {
        let descriptor = Glibc.open(file(besides: path), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .cannotOpen(path: file(besides: path), reason: lastSystemError())
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            Glibc.close(descriptor)
            guard reason == EWOULDBLOCK else {
                throw .cannotOpen(
                    path: file(besides: path),
                    reason: String(cString: strerror(reason)),
                )
            }
            throw .locked(path: path)
        }
        let lock = DatabaseLock(descriptor)
        // What a process that died left here is no longer true.
        lock.write("")
        return lock
    }

    /// What the holder of the lock at `path` wrote last; `nil` where it wrote nothing.
    ///
    /// A process that was killed leaves its note behind, so it only means something to those who
    /// were refused the lock.
    static func note(besides path: String) -> String? {
        guard let data = FileManager.default.contents(atPath: file(besides: path)), !data.isEmpty
        else { return nil }
        return String(decoding: data, as: UTF8.self)
    }

    /// Replaces the note.
    func write(_ text: String) {
        descriptor.withLock { descriptor in
            guard let descriptor, ftruncate(descriptor, 0) == 0 else { return }
            let bytes = Array(text.utf8)
            _ = pwrite(descriptor, bytes, bytes.count, 0)
        }
    }

    /// Lets go of the lock; the file stays, because removing it could take it from under another.
    func release() {
        write("")
        descriptor.withLock { descriptor in
            if let open = descriptor {
                // A child that was forked and has not yet become another program shares it.
                _ = flock(open, LOCK_UN)
                Glibc.close(open)
            }
            descriptor = nil
        }
    }

    private static func file(besides path: String) -> String { path + ".lock" }
}

/// What the last system call that failed said.
func lastSystemError() -> String { String(cString: strerror(errno)) }
