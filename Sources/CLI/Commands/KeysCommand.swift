import ArgumentParser
import Gateway

/// Creates, lists, changes, revokes and rotates keys.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Create, list, change, revoke and rotate keys.",
        discussion: """
            A key is shown once and stored as its digest alone. While a gateway runs on the \
            database, the commands go through it and need FAREBOX_ADMIN_KEY; a change works at \
            once.
            """,
        subcommands: [Create.self, List.self, Update.self, Revoke.self, Rotate.self],
    )

    struct Options: ParsableArguments {
        @OptionGroup var database: DatabaseOptions
        @Flag(help: "Print JSON.") var json = false

        /// Runs `work` in the office of this database.
        func inOffice<Answer>(
            _ work: (OperatorOffice) async throws -> Answer
        ) async throws -> Answer {
            let office = try await OperatorOffice.open(try database.location)
            let answer = try await work(office)
            try await office.close()
            return answer
        }

        func say(_ made: NewKeyAnswer) throws {
            if json { return Farebox.say(try JSONText.of(made)) }
            Farebox.say(made.data.line)
            Farebox.say("key (shown once): \(made.key)")
        }

        func say(_ one: OneKeyAnswer) throws {
            Farebox.say(json ? try JSONText.of(one) : one.data.line)
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Add a key to a customer.")

        @OptionGroup var options: Options
        @Option(help: "The customer's id.") var customer: String
        @OptionGroup var settings: KeySettingsOptions

        func run() async throws {
            let order = KeyOrder(customer: customer, settings: try settings.change)
            try options.say(try await options.inOffice { try await $0.createKey(order) })
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List keys with their limits and what they have spent; no secrets."
        )

        @OptionGroup var options: Options
        @Option(help: "Only this customer's.") var customer: String?

        func run() async throws {
            let keys = try await options.inOffice { try await $0.keys(of: customer) }
            if options.json { return Farebox.say(try JSONText.of(keys)) }
            for key in keys.data { Farebox.say(key.line) }
        }
    }

    struct Update: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change a key's limits and settings; what is not named stays."
        )

        @OptionGroup var options: Options
        @Argument(help: "The key's id, the public half of the key.") var id: String
        @OptionGroup var settings: KeySettingsOptions

        func run() async throws {
            let change = try settings.change
            try options.say(try await options.inOffice { try await $0.changeKey(id, change) })
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make a key useless at once.")

        @OptionGroup var options: Options
        @Argument(help: "The key's id, the public half of the key.") var id: String

        func run() async throws {
            try options.say(try await options.inOffice { try await $0.revokeKey(id) })
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a new secret in the place of a key's, which is useless from then on."
        )

        @OptionGroup var options: Options
        @Argument(help: "The key's id, the public half of the key.") var id: String

        func run() async throws {
            try options.say(try await options.inOffice { try await $0.rotateKey(id) })
        }
    }
}

extension KeyAnswer {
    /// The key on one line.
    fileprivate var line: String {
        var words = [hash, customer, state, "spent \(usage.text) USD"]
        words += limits.sorted { $0.key < $1.key }.map { "\($0.key) limit \($0.value.text) USD" }
        if !name.isEmpty { words.append(name) }
        return words.joined(separator: "  ")
    }

    private var state: String {
        if let revokedAt { return "revoked \(revokedAt)" }
        if disabled { return "disabled" }
        return expiresAt.map { "active until \($0)" } ?? "active"
    }
}
