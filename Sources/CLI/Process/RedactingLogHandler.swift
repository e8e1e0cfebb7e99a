import Foundation
import Logging
import Primitives

/// Writes log lines to standard error, each on one line, with every secret cut to its public half.
///
/// Secrets are not logged to begin with; this catches what a library would print.
struct RedactingLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level
    var metadataProvider: Logger.MetadataProvider?
    private let label: String

    init(label: String, level: Logger.Level) {
        self.label = label
        logLevel = level
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, own in own }
        let pairs = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        let stamp = SystemSources.time.now().iso8601
        let line = "\(stamp) \(event.level) \(label): \(event.message)\(pairs)"
        let oneLine = line.replacing("\n", with: "\\n").replacing("\r", with: "\\r")
        FileHandle.standardError.write(Data((Redaction.redacted(oneLine) + "\n").utf8))
    }
}

/// Cuts secrets out of text.
enum Redaction {
    /// The text with the secret half of every key replaced by `***`.
    static func redacted(_ text: String) -> String {
        text.replacing(#/(fbx-[0-9a-f]{12})-[0-9a-fA-F]{8,}/#) { "\($0.output.1)-***" }
    }
}
