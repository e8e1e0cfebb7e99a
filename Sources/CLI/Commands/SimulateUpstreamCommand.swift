import ArgumentParser
import Logging
import ServiceLifecycle
import SimulatedUpstreams
import UnixSignals

/// Serves the simulated upstream alone.
struct SimulateUpstreamCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate-upstream",
        abstract: "Serve a simulated model provider that speaks both wire formats.",
        discussion: """
            Its answers are set by `--set`, by `PUT /_simulator/settings`, and per request by the \
            header `x-simulate`, all written `key=value; key=value`. `GET /_simulator/requests` \
            tells what it received.
            """,
    )

    @Option(help: "The address to bind.") var host = "127.0.0.1"
    @Option(help: "The port to bind; 0 takes a free one.") var port = 4021
    @Option(name: .customLong("set"), help: "Directives that every answer starts from.")
    var directives = ""

    func run() async throws {
        let defaults: SimulatedAnswer
        do { defaults = try SimulatedAnswer(directives: directives) } catch {
            throw ValidationError("--set: \(error)")
        }
        let upstream = SimulatedUpstream(host: host, port: port, defaults: defaults)
        let bound = try await upstream.start()
        Farebox.say("simulated upstream listening on http://\(host):\(bound)")
        let group = ServiceGroup(
            services: [upstream],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: Logger(label: "farebox.simulator"),
        )
        try await group.run()
    }
}
