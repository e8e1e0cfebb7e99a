import ArgumentParser
import Metering
import Pricing
import Primitives
import StoreSQLite

/// Checks, publishes and shows rate cards.
struct RatesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rates",
        abstract: "Check, publish and show rate cards.",
        subcommands: [Check.self, Publish.self, Show.self],
    )

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say whether a rate card file could be published, and what keeps it from it."
        )

        @Argument(help: "The YAML file.") var file: String

        func run() throws {
            let card = try RateCardFile.draft(at: file).published()
            Farebox.say("\(card.version): \(card.rates.count) models, ready to be published")
        }
    }

    struct Publish: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Publish a rate card file: its prices are in force at once.",
            discussion: "A version is immutable; publishing it again makes it current again.",
        )

        @Argument(help: "The YAML file.") var file: String
        @OptionGroup var database: DatabaseOptions
        @Flag(help: "Check everything and publish nothing.") var dryRun = false

        func run() async throws {
            let draft = try RateCardFile.draft(at: file)
            let card = try draft.published()
            if !dryRun {
                let office = try await OperatorOffice.open(try database.location, creates: true)
                _ = try await office.publish(draft)
                try await office.close()
            }
            Farebox.say("\(card.version): \(dryRun ? "would be" : "is") in force")
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the prices in force, in micro-USD per 1,000,000 units."
        )

        @OptionGroup var database: DatabaseOptions
        @Flag(help: "Show the card that is built in.") var builtIn = false
        @Flag(help: "Print JSON.") var json = false

        func run() async throws {
            let card = builtIn ? try RateCardFile.builtIn().published() : try await current()
            if json { return Farebox.say(try JSONText.of(card)) }
            Farebox.say("\(card.version): \(card.source)")
            for rate in card.rates {
                let price = rate.standard.price
                Farebox.say(
                    "  \(rate.model)  input \(price[.input] ?? 0)  output \(price[.output] ?? 0)"
                        + "  cache read \(price[.cacheRead] ?? 0)"
                        + "  cache write \(price[.cacheWrite5m] ?? 0)  via \(rate.upstream)"
                )
            }
        }

        private func current() async throws -> RateCard {
            let store = try SQLiteStore.open(try database.location, access: .readOnly)
            guard let card = try await store.read({ try $0.currentRateCard() }) else {
                throw RateCardError.refused(["no rate card is published"])
            }
            return card
        }
    }
}
