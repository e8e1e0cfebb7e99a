import ArgumentParser
import Gateway
import Primitives
import Withdrawals

/// The operator's queue of withdrawals.
struct WithdrawalsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "withdrawals",
        abstract: "List and show withdrawals, and decide about those that wait.",
        discussion: """
            A withdrawal is named <customer>/<id>, as the list prints it. While a gateway runs on the \
            database, the commands go through it and need FAREBOX_ADMIN_KEY.
            """,
        subcommands: [List.self, Show.self, Approve.self, Reject.self, Fail.self],
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List withdrawals, those that wait for your word where nothing else is said."
        )

        /// The states in which an operator has to decide.
        private static let waiting = ["requested", "failed", "given_up"]

        @OptionGroup var database: DatabaseOptions
        @Option(
            help: """
                requested, approved, broadcast, confirmed, failed, given_up or rejected. \
                (default: \(waiting.joined(separator: ", ")))
                """
        ) var state: String?
        @Flag(help: "Those in every state.") var all = false
        @Option(help: "Only what comes after this withdrawal.", transform: WithdrawalID.named)
        var after: WithdrawalID?
        @Option(help: "At most so many.") var limit = 50
        @Flag(help: "Print JSON, a line for each state that is asked for.") var json = false

        func run() async throws {
            let states = all ? [nil] : state.map { [$0] } ?? Self.waiting
            let office = try await OperatorOffice.open(try database.location)
            var answers: [WithdrawalListAnswer] = []
            for state in states {
                let query = WithdrawalQuery(
                    state: state,
                    after: after?.description,
                    limit: limit,
                )
                answers.append(try await office.withdrawals(query))
            }
            try await office.close()
            for (state, answer) in zip(states, answers) {
                if json {
                    Farebox.say(try JSONText.of(answer))
                    continue
                }
                for withdrawal in answer.withdrawals { Farebox.say(withdrawal.line) }
                let option = state.map { "--state \($0)" } ?? "--all"
                if let next = answer.next { Farebox.say("more: \(option) --after \(next)") }
            }
        }
    }

    struct Options: ParsableArguments {
        @OptionGroup var database: DatabaseOptions
        @Argument(help: "The withdrawal: <customer>/<id>.", transform: WithdrawalID.named)
        var withdrawal: WithdrawalID
        @Flag(help: "Print JSON.") var json = false

        func run(_ work: (OperatorOffice) async throws -> WithdrawalAnswer) async throws {
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
            abstract: "Show a withdrawal and everything that happened to it, with its evidence."
        )

        @OptionGroup var options: Options

        func run() async throws {
            try await options.run { try await $0.withdrawal(options.withdrawal) }
        }
    }

    struct Approve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a withdrawal go out that waits, that failed or was given up."
        )

        @OptionGroup var options: Options
        @Option(help: "Who decides, for the record.") var `operator`: String?

        func run() async throws {
            let order = ApprovalOrder(operator: `operator`)
            try await options.run { try await $0.approveWithdrawal(options.withdrawal, order) }
        }
    }

    struct Reject: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give a withdrawal's money back to its customer."
        )

        @OptionGroup var options: Options
        @OptionGroup var rejection: RejectionOptions

        func run() async throws {
            try await options.run {
                try await $0.rejectWithdrawal(options.withdrawal, rejection.order)
            }
        }
    }

    struct Fail: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give up what was signed for a withdrawal: the chain does not take it.",
            discussion: """
                Its money stays where it is until you approve it anew, which signs another transaction for \
                the same nonce, or reject it. Should it land after you rejected it, it is paid twice: make \
                sure of it on the chain.
                """,
        )

        @OptionGroup var options: Options
        @OptionGroup var rejection: RejectionOptions

        func run() async throws {
            try await options.run {
                try await $0.giveUpWithdrawal(options.withdrawal, rejection.order)
            }
        }
    }
}

extension WithdrawalID {
    /// Reads the id that a command is given.
    ///
    /// - Throws: `ValidationError`, which says what an id looks like.
    fileprivate static func named(_ text: String) throws -> WithdrawalID {
        guard let id = WithdrawalID(text) else {
            throw ValidationError(
                """
                a withdrawal is named <customer>/<id>, as `farebox withdrawals list` prints it: the id \
                is of letters, digits, hyphens, underscores and dots, 64 at most.
                """
            )
        }
        return id
    }
}

extension WithdrawalAnswer {
    /// The withdrawal on one line.
    fileprivate var line: String {
        let decimals = Asset(rawValue: asset)?.decimals ?? 0
        let words = [
            "\(customer)/\(id) \(state)",
            "\(DecimalText.text(amount, decimals: decimals)) \(asset) on \(chain) to \(wallet)",
            transaction.map { "by \($0)" }, reason.map { "(\($0))" },
        ]
        return words.compactMap(\.self).joined(separator: " ")
    }
}
