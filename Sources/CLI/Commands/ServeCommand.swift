import ArgumentParser
import Gateway
import Logging
import Metrics
import Primitives

/// Serves agents, told what to do by the environment and one YAML file.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve agents. Settings come from the environment and from FAREBOX_CONFIG.",
        discussion: "docs/configuration.md lists every setting.",
    )

    func run() async throws {
        let reader = try await SettingsReader(environment: SystemSources.environment)
        let settings = try ServeSettings(reader, now: SystemSources.time.now())
        let process = try await GatewayProcess.start(
            settings,
            registry: ServeCommand.bootstrap(settings),
        )
        let audit = try await process.run { port in
            Farebox.say("farebox listening on http://\(settings.host):\(port)")
        }
        Farebox.say(audit.line)
    }

    /// Sets up logging and metrics, once in a process.
    static func bootstrap(_ settings: ServeSettings) -> PrometheusRegistry {
        let level = settings.logLevel
        LoggingSystem.bootstrap { RedactingLogHandler(label: $0, level: level) }
        let registry = PrometheusRegistry()
        MetricsSystem.bootstrap(registry)
        return registry
    }
}
