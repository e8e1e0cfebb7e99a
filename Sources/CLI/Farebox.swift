import ArgumentParser
import Foundation
import Primitives

/// The one executable.
@main
struct Farebox: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "farebox",
        abstract: "A prepaid billing gateway between AI agents and model providers.",
        version: Farebox.version,
        subcommands: [
            DevCommand.self, ServeCommand.self, AuditCommand.self, GrantCommand.self,
            RefundCommand.self, DepositsCommand.self, WithdrawalsCommand.self, KeysCommand.self,
            CustomersCommand.self, RatesCommand.self, SimulateUpstreamCommand.self,
        ],
    )

    static let version = "0.1.0"

    static func main() async {
        // What this program writes is for its own user: ledgers, keys' digests, logs.
        umask(0o077)
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as any Failure {
            complain("farebox: \(failure.message)")
            exit(withStatus: failure.kind.exitStatus)
        } catch {
            exit(withError: error)
        }
    }

    /// One line for people, apart from what a command answers.
    static func complain(_ line: String) {
        try? FileHandle.standardError.write(contentsOf: Data("\(line)\n".utf8))
    }

    /// One line of what a command answers, at once.
    static func say(_ line: String) {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data("\(line)\n".utf8))
        } catch {
            // Nobody reads on, as behind `head`, or there is no room.
            exit(withStatus: EX_IOERR)
        }
    }

    static func exit(withStatus status: Int32) -> Never { Foundation.exit(status) }
}

extension FailureKind {
    /// The status that a command ends with, after sysexits.h.
    var exitStatus: Int32 {
        switch self {
        case .malformed, .tooLarge: 65
        case .unauthenticated, .forbidden: 77
        case .notFound, .methodNotAllowed: 66
        case .conflict, .paymentRequired: 73
        case .exhausted, .unavailable, .timedOut: 75
        case .badUpstream: 76
        case .broken: 70
        }
    }
}
