import AsyncHTTPClient
import Deposits
import Forwarding
import Foundation
import Gateway
import Hummingbird
import Identity
import Ledger
import Logging
import Metrics
import NIOCore
import NIOPosix
import Pricing
import Primitives
import Receipts
import ServiceLifecycle
import StoreSQLite
import UnixSignals
import Watching

extension SQLiteStore: GatewayStore {}

/// The composition root of a running gateway.
struct GatewayProcess {
    let settings: ServeSettings
    let store: SQLiteStore
    let failure: StoreFailure
    let services: GatewayServices<SQLiteStore>
    private let client: OwnedTransport
    private let nodes: NodeClient
    private let registry: PrometheusRegistry

    /// What brings withdrawals out.
    private var senders: [any Service] {
        settings.chains.compactMap { settings.sender(of: $0, store, nodes) }
    }

    /// What compares the chains' treasuries with the books.
    private var treasuries: [any Service] {
        services.chains.map { settings.treasuryWatch(of: $0, store) }
    }

    /// Opens the store and puts everything together; nothing runs yet.
    ///
    /// - Throws: a `Failure` that stops the start.
    private init(_ settings: ServeSettings, registry: PrometheusRegistry) async throws {
        let failure = StoreFailure()
        let store = try SQLiteStore.open(settings.database, access: .exclusive) {
            failure.tell($0)
        }
        let card = try await store.read { try $0.currentRateCard() }
        client = OwnedTransport(settings)
        nodes = NodeClient()
        services = GatewayServices(
            store: store,
            settings: settings.gateway,
            rates: RateBook(card),
            upstreams: settings.upstreams,
            transport: client.transport,
            time: SystemSources.time,
            identifiers: SystemSources.identifiers,
            clock: SystemSources.clock,
            logger: Logger(label: "farebox"),
            chains: settings.chains.map { [nodes] in settings.watched($0, store, nodes) },
        )
        self.settings = settings
        self.store = store
        self.failure = failure
        self.registry = registry
    }

    /// Opens, expires what a dead process left open, and sees to it that prices are published.
    ///
    /// - Throws: a `Failure` that stops the start.
    static func start(
        _ settings: ServeSettings,
        registry: PrometheusRegistry,
    ) async throws -> GatewayProcess {
        let process = try await GatewayProcess(settings, registry: registry)
        do {
            process.warn()
            try await process.services.holdKeeper.expireAll()
            try await process.publishRates()
        } catch {
            try await process.shutDownClients()
            try await process.store.close()
            throw error
        }
        return process
    }

    /// Tells in the log what nobody should overlook.
    private func warn() {
        let logger = Logger(label: "farebox")
        if !settings.doubtful.isEmpty {
            logger.warning(
                "variables begin as settings do, or are of chains that are not named: mistakes, or another program's",
                metadata: ["variables": "\(settings.doubtful.joined(separator: ", "))"],
            )
        }
        guard settings.gateway.takesUnprovenPayers else { return }
        logger.warning(
            "X-Payer is taken at its word: anybody spends anybody's balance; for test networks only"
        )
    }

    private func publishRates() async throws {
        if let path = settings.ratesPath {
            try await services.operations.publish(try RateCardFile.draft(at: path))
        } else if services.rates.card == nil {
            try await services.operations.publish(try RateCardFile.builtIn())
        }
    }

    /// Serves until a signal, beside `companions`; then drains, audits and closes the books.
    ///
    /// - Throws: what stopped the process, or the first `AuditDifference`.
    /// - Returns: the closing audit.
    func run(
        beside companions: [any Service] = [],
        onRunning: @escaping @Sendable (Int) async -> Void,
    ) async throws -> Bookkeeping {
        let application = GatewayApplication(
            services: services,
            adminKey: Secret(presented: settings.adminKey),
            version: Farebox.version,
            metrics: { [registry] in registry.text },
        )
        let server = application.server(
            host: settings.host,
            port: settings.port,
            on: MultiThreadedEventLoopGroup.singleton,
        ) { port in
            store.announce("http://\(settings.host):\(port)")
            await onRunning(port)
        }
        let draining = DrainingServer(
            server: server,
            supervisor: services.supervisor,
            bound: settings.shutdown,
        )
        // Shut down from the last to the first: no new requests, then the inferences that run.
        var configuration = ServiceGroupConfiguration(
            services: companions + rateWatch + services.chains.flatMap(\.services) + treasuries
                + senders + [
                    services.holdKeeper, services.booksWatch, failure, services.supervisor,
                    draining,
                ],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: Logger(label: "farebox.lifecycle"),
        )
        configuration.maximumGracefulShutdownDuration = settings.shutdown + settings.gateway.drain
        configuration.maximumCancellationDuration = .seconds(10)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            try await close()
            throw StartError.addressInUse("\(settings.host):\(settings.port)")
        } catch {
            try await shutDownClients()
            throw store.isStopped ? StoreError.stopped : error
        }
        let audit = try await Bookkeeping.audit(store)
        try await close()
        return audit
    }

    /// What asks for SOL's rate, where somebody is asked.
    private var rateWatch: [any Service] {
        (settings.solRateSource?.watch(nodes)).map { [$0] } ?? []
    }

    private func shutDownClients() async throws {
        try await client.shutdown()
        try await nodes.http.shutdown()
    }

    private func close() async throws {
        try await shutDownClients()
        try await store.close()
    }
}

/// The server, which tells the inferences how long they have when it is asked to stop.
private struct DrainingServer: Service {
    let server: any Service
    let supervisor: InferenceSupervisor
    let bound: Duration

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await server.run()
        } onGracefulShutdown: {
            supervisor.stop(after: bound)
        }
    }
}

/// Why a process that was told everything did not start.
enum StartError: Failure, Hashable {
    case addressInUse(String)

    var code: String {
        switch self {
        case .addressInUse: "address_in_use"
        }
    }

    var kind: FailureKind { .unavailable }

    var message: String {
        switch self {
        case .addressInUse(let address): "Another program listens on \(address)."
        }
    }
}

/// Ends the process when the store has failed: recovery is a restart.
///
/// The store takes no write any more; those who asked are told so before the process ends.
struct StoreFailure: Service {
    /// How long the answers have that tell of the failure.
    private static let farewell = Duration.seconds(1)

    private let failures: AsyncStream<StoreError>
    private let continuation: AsyncStream<StoreError>.Continuation

    init() { (failures, continuation) = AsyncStream.makeStream(of: StoreError.self) }

    func tell(_ error: StoreError) { continuation.yield(error) }

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            for await failure in failures {
                try await SystemSources.clock.sleep(for: StoreFailure.farewell)
                throw failure
            }
        }
    }
}
