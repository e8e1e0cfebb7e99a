import ArgumentParser
import Gateway

/// Shows customers and limits what all their keys together may spend.
struct CustomersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "customers",
        abstract: "Show a customer, and limit what its keys together may spend.",
        discussion: """
            A customer can not change these limits. While a gateway runs on the database, the \
            commands go through it and need FAREBOX_ADMIN_KEY; a change works at once.
            """,
        subcommands: [Show.self, Limit.self],
    )

    struct Options: ParsableArguments {
        @OptionGroup var database: DatabaseOptions
        @Argument(help: "The customer's id.") var customer: String
        @Flag(help: "Print JSON.") var json = false

        func run(
            _ work: (OperatorOffice) async throws -> CustomerAnswer
        ) async throws {
            let office = try await OperatorOffice.open(try database.location)
            let answer = try await work(office)
            try await office.close()
            Farebox.say(json ? try JSONText.of(answer) : answer.line)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a customer's balance, limits and what it was charged."
        )

        @OptionGroup var options: Options

        func run() async throws {
            try await options.run { try await $0.customer(options.customer) }
        }
    }

    struct Limit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set or take away limits; those not named stay."
        )

        @OptionGroup var options: Options
        @OptionGroup var limits: LimitOptions

        func run() async throws {
            let change = CustomerChange(limits: try limits.byWindow)
            try await options.run { try await $0.changeCustomer(options.customer, change) }
        }
    }
}

extension CustomerAnswer {
    /// The customer on one line.
    fileprivate var line: String {
        let limits = limits.sorted { $0.key < $1.key }.map { window, limit in
            "\(window) \(usage[window]?.text ?? "0") of \(limit.text)"
        }
        return
            "\(customer) available \(available.text) USD, charged \(usage["total"]?.text ?? "0")"
            + (limits.isEmpty ? ", no limits" : ", limits: " + limits.joined(separator: ", "))
    }
}
