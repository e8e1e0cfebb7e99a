import Logging
import Synchronization

/// Keeps what is logged as an error: the metadata of each line.
final class Told: LogHandler, @unchecked Sendable {
    private let errors = Mutex<[Logger.Metadata]>([])
    var count: Int { errors.withLock(\.count) }
    var last: Logger.Metadata? { errors.withLock(\.last) }
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        if event.level == .error { errors.withLock { $0.append(event.metadata ?? [:]) } }
    }
}
