import ArgumentParser
import Foundation
import Ledger
import StoreSQLite
import Synchronization

/// Re-derives every balance from the transfers.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Re-derive every balance and charge; name the first difference.",
        discussion: """
            Works on a stopped and on a running gateway. Ends with status 0 when the books are \
            clean and 1 when there is a difference. With --follow it goes on with what happens \
            next, until a difference or Ctrl-C.
            """,
    )

    @OptionGroup var database: DatabaseOptions
    @Flag(help: "Go on with what happens next.") var follow = false
    @Option(help: "How often to look, with --follow, in seconds.") var every = 2.0
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        guard (0.1...86_400).contains(every) else {
            throw ValidationError("--every is between 0.1 and 86400 seconds.")
        }
    }

    func run() async throws {
        let store = try SQLiteStore.open(try database.location, access: .readOnly)
        do {
            let audit = Mutex(try await store.read { try BooksAudit(&$0) })
            let summary = audit.withLock(\.summary)
            Farebox.say(json ? try JSONText.of(summary) : summary.line)
            while follow {
                try await SystemSources.clock.sleep(for: .seconds(every))
                let counts = try await store.read { transaction in
                    try audit.withLock { try $0.follow(&transaction) }
                }
                guard counts.new > 0 else { continue }
                let line = "audit clean: \(counts.all) transfers, \(counts.new) of them new"
                let told = ["transfers": counts.all, "new": counts.new]
                Farebox.say(json ? try JSONText.of(told) : line)
            }
        } catch let difference as AuditDifference {
            if json {
                Farebox.say(try JSONText.of(["difference": "\(difference)"]))
            } else {
                Farebox.say("audit: \(difference)")
            }
            Farebox.exit(withStatus: 1)
        }
    }
}

/// Which database a command works on.
struct DatabaseOptions: ParsableArguments {
    @Option(help: "Where the database is: sqlite:PATH. Default: FAREBOX_DATABASE.")
    var database: String?

    var location: SQLiteLocation {
        get throws {
            let configured = SystemSources.environment[SettingKey.database.variable]
            let fallback = SettingKey.database.fallback ?? ""
            return try SQLiteLocation(database ?? configured ?? fallback)
        }
    }
}

/// JSON for programs that read a command's answer.
enum JSONText {
    static func of(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
