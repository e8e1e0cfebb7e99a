import ArgumentParser
import Gateway
import Identity

/// Creates, lists, revokes and rotates keys.
struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Create, list, revoke and rotate keys.",
        discussion: """
            A key is shown once and stored as its digest alone. While a gateway runs on the \
            database, the commands go through it and need FAREBOX_ADMIN_KEY; a revocation works \
            at once.
            """,
        subcommands: [Create.self, List.self, Revoke.self, Rotate.self],
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

        func say(_ key: KeyAnswer) throws {
            if json { return Farebox.say(try JSONText.of(key)) }
            let state = key.revokedAt.map { "revoked \($0)" } ?? "active"
            let label = key.label.isEmpty ? "" : "  \(key.label)"
            Farebox.say("\(key.id)  \(key.customer)  \(state)\(label)")
            if let secret = key.key { Farebox.say("key (shown once): \(secret)") }
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Add a key to a customer.")

        @OptionGroup var options: Options
        @Option(help: "The customer's id.") var customer: String
        @Option(help: "A name for people.") var label = ""
        @Flag(help: "Refuse what the balance does not cover instead of capping its output.")
        var refuseLowering = false
        @Option(help: "When the agent leaves a stream: drain or cancel.")
        var onDisconnect = "drain"

        func validate() throws {
            guard Key.DisconnectPolicy(rawValue: onDisconnect) != nil else {
                throw ValidationError("--on-disconnect is drain or cancel.")
            }
        }

        func run() async throws {
            let order = KeyOrder(
                customer: customer,
                label: label,
                refuseLowering: refuseLowering,
                onDisconnect: onDisconnect,
            )
            try options.say(try await options.inOffice { try await $0.createKey(order) })
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List keys; no secrets.")

        @OptionGroup var options: Options
        @Option(help: "Only this customer's.") var customer: String?

        func run() async throws {
            let keys = try await options.inOffice { try await $0.keys(of: customer) }
            if options.json { return Farebox.say(try JSONText.of(keys)) }
            for key in keys.keys { try options.say(key) }
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
            abstract: "Put a new key in a key's place; the old one is revoked."
        )

        @OptionGroup var options: Options
        @Argument(help: "The key's id, the public half of the key.") var id: String

        func run() async throws {
            try options.say(try await options.inOffice { try await $0.rotateKey(id) })
        }
    }
}
