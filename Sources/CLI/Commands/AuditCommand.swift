import ArgumentParser
import Foundation
import Ledger
import StoreSQLite

/// Re-derives every balance from the transfers.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Re-derive every balance and charge; name the first difference.",
        discussion: """
            Works on a stopped and on a running gateway. Ends with status 0 when the books are \
            clean and 1 when there is a difference.
            """,
    )

    @OptionGroup var database: DatabaseOptions
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let store = try SQLiteStore.open(try database.location, access: .readOnly)
        do {
            let audit = try await Bookkeeping.audit(store)
            Farebox.say(json ? try JSONText.of(audit) : audit.line)
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
