import ArgumentParser
import Deposits
import Gateway
import Primitives

/// The operator's queue of deposits.
struct DepositsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deposits",
        abstract: "List and show deposits, and decide about those in suspense.",
        discussion: """
            A deposit is named <chain>/<transaction>/<event>, as the list prints it. While a gateway \
            runs on the database, the commands go through it and need FAREBOX_ADMIN_KEY.
            """,
        subcommands: [List.self, Show.self, Assign.self, Reject.self],
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List deposits, those in suspense where nothing else is said."
        )

        @OptionGroup var database: DatabaseOptions
        @Option(help: "seen, credited, suspended, reversed or rejected.") var state = "suspended"
        @Flag(help: "Those in every state.") var all = false
        @Option(help: "Only what comes after this deposit.", transform: DepositID.named)
        var after: DepositID?
        @Option(help: "At most so many.") var limit = 50
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let query = DepositQuery(
                state: all ? nil : state,
                after: after?.description,
                limit: limit,
            )
            let office = try await OperatorOffice.open(try database.location)
            let answer = try await office.deposits(query)
            try await office.close()
            if json { return Farebox.say(try JSONText.of(answer)) }
            for deposit in answer.deposits { Farebox.say(deposit.line) }
            if let next = answer.next { Farebox.say("more: --after \(next)") }
        }
    }

    struct Options: ParsableArguments {
        @OptionGroup var database: DatabaseOptions
        @Argument(
            help: "The deposit: <chain>/<transaction>/<event>.",
            transform: DepositID.named,
        ) var deposit: DepositID
        @Flag(help: "Print JSON.") var json = false

        func run(_ work: (OperatorOffice) async throws -> DepositAnswer) async throws {
            let office = try await OperatorOffice.open(try database.location)
            let answer = try await work(office)
            try await office.close()
            if json { return Farebox.say(try JSONText.of(answer)) }
            Farebox.say(answer.line)
            for step in answer.steps ?? [] {
                Farebox.say("  \(step.at) \(step.kind) by \(step.by): \(step.evidence)")
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a deposit and everything that happened to it, with its evidence."
        )

        @OptionGroup var options: Options

        func run() async throws {
            try await options.run { try await $0.deposit(options.deposit) }
        }
    }

    struct Assign: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a deposit in suspense to a customer."
        )

        @OptionGroup var options: Options
        @Option(help: "The customer's id.") var customer: String
        @Option(help: "Who decides, for the record.") var `operator`: String?

        func run() async throws {
            let order = AssignmentOrder(customer: customer, operator: `operator`)
            try await options.run { try await $0.assignDeposit(options.deposit, order) }
        }
    }

    struct Reject: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a deposit out of suspense for good; sending it back is yours to do."
        )

        @OptionGroup var options: Options
        @OptionGroup var rejection: RejectionOptions

        func run() async throws {
            try await options.run { try await $0.rejectDeposit(options.deposit, rejection.order) }
        }
    }
}

extension DepositID {
    /// Reads the id that a command is given.
    ///
    /// - Throws: `ValidationError`, which says what an id looks like.
    fileprivate static func named(_ text: String) throws -> DepositID {
        guard let id = DepositID(text) else {
            throw ValidationError(
                """
                a deposit is named <chain>/<transaction>/<event>, as `farebox deposits list` prints \
                it: the transaction is a hash, 0x and 64 hexadecimal digits, or a signature of Solana's, \
                and the event a number.
                """
            )
        }
        return id
    }
}

extension DepositAnswer {
    /// The deposit on one line.
    fileprivate var line: String {
        let decimals = Asset(rawValue: asset)?.decimals ?? 0
        let words = [
            "\(id) \(state)", "\(DecimalText.text(amount, decimals: decimals)) \(asset)",
            sender.map { "from \($0)" }, code.map { "for \($0)" }, customer.map { "of \($0)" },
            reason.map { "(\($0))" }, isDisputed ? "disputed" : nil,
        ]
        return words.compactMap(\.self).joined(separator: " ")
    }
}
