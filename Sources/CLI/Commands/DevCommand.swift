import ArgumentParser
import Forwarding
import Foundation
import Gateway
import Identity
import Logging
import Pricing
import Primitives
import Providers
import ServiceLifecycle
import SimulatedUpstreams
import StoreSQLite

/// Everything on loopback in one process, to try it out.
struct DevCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dev",
        abstract: "Serve on loopback with a simulated upstream and one funded customer.",
        discussion: """
            Ctrl-C drains and prints an audit. The database stays, with all customers in it: each start \
            registers one more, grants it 5 USD and prints its key.
            """,
    )

    @Option(help: "The gateway's port; 0 takes a free one.") var port = 4020
    @Option(help: "Where the database is kept.") var directory = "var"

    func run() async throws {
        let upstream = SimulatedUpstream()
        let upstreamURL = "http://127.0.0.1:\(try await upstream.start())"
        let adminKey = SystemSources.identifiers.secret(bytes: 24)
        let settings = try await settings(upstreamURL, adminKey: adminKey)
        let process = try await GatewayProcess.start(
            settings,
            registry: ServeCommand.bootstrap(settings),
        )
        let (customer, secret) = try await fund(process)
        let audit = try await process.run(beside: [upstream]) { port in
            Farebox.say(
                DevGuide(
                    url: "http://127.0.0.1:\(port)",
                    upstreamURL: upstreamURL,
                    customer: customer,
                    key: secret.text,
                    adminKey: adminKey,
                    database: "\(settings.database)",
                ).text
            )
        }
        Farebox.say(audit.line)
    }

    private func settings(_ upstreamURL: String, adminKey: String) async throws -> ServeSettings {
        // Where deposits are taken is the caller's to say; a database of the caller's is not touched.
        let chains = ChainPreset.environment(SystemSources.environment)
        let own = [
            SettingKey.listen.variable: "127.0.0.1:\(port)",
            SettingKey.database.variable: "sqlite:\(directory)/farebox.db",
            SettingKey.adminKey.variable: adminKey,
            SettingKey.logLevel.variable: "notice",
            SettingKey.registerLimit.variable: "1000",
            "OPENAI_API_KEY": "simulated", "OPENAI_BASE_URL": "\(upstreamURL)/v1",
            "ANTHROPIC_API_KEY": "simulated", "ANTHROPIC_BASE_URL": upstreamURL,
            "OPENROUTER_API_KEY": "simulated", "OPENROUTER_BASE_URL": "\(upstreamURL)/v1",
        ]
        let reader = try await SettingsReader(environment: own.merging(chains) { own, _ in own })
        return try ServeSettings(reader, now: SystemSources.time.now())
    }

    /// Registers a customer and grants it 5 USD.
    private func fund(_ process: GatewayProcess) async throws -> (Customer, Secret) {
        let (customer, secret) = try await process.services.keys.register()
        _ = try await process.services.operations.grant(
            GrantOrder(
                id: "dev-\(customer.id)",
                customer: customer.id.description,
                amount: "5.00",
                reason: "to try it out",
            )
        )
        return (customer, secret)
    }
}

/// What `farebox dev` prints: where everything is, and lines to paste.
struct DevGuide {
    let url: String
    let upstreamURL: String
    let customer: Customer
    let key: String
    let adminKey: String
    let database: String

    var text: String {
        """
        farebox listening on \(url)

          OpenAI SDK      base_url = \(url)/v1
          Anthropic SDK   base_url = \(url)
          key             \(key)
          customer        \(customer.id), 5.00 USD granted
          operator's key  \(adminKey)
          database        \(database)
          upstream        \(upstreamURL) (simulated)

        Try it:

          curl -i \(url)/v1/chat/completions -H 'authorization: Bearer \(key)' \
        -H 'content-type: application/json' \
        -d '{"model":"gpt-4o","messages":[{"role":"user","content":"Hello"}]}'

          curl -N \(url)/v1/messages -H 'x-api-key: \(key)' \
        -H 'anthropic-version: 2023-06-01' -H 'content-type: application/json' \
        -d '{"model":"claude-sonnet-4-6","max_tokens":256,"stream":true,\
        "messages":[{"role":"user","content":"Hello"}]}'

          curl \(url)/proxy/\(key)/balance
          curl '\(url)/proxy/\(key)/transactions?limit=5'
          curl \(url)/v1/admin/stats -H 'x-admin-key: \(adminKey)'

        Ctrl-C stops it and audits the books.
        """
    }
}
