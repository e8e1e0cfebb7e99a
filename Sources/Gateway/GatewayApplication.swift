package import Hummingbird
import HummingbirdCore
package import Identity
import Logging
package import NIOCore
import Primitives
package import ServiceLifecycle

/// The agents' HTTP API on one store.
package struct GatewayApplication<Storage: GatewayStore>: Sendable {
    package let services: GatewayServices<Storage>
    private let adminKeyDigest: SecretDigest
    private let version: String
    private let metrics: @Sendable () -> String

    /// - Parameters:
    ///   - services: what the routes share.
    ///   - adminKey: the operator's key; only its digest is kept.
    ///   - version: the version that `/health` tells.
    ///   - metrics: the text of `/metrics`.
    package init(
        services: GatewayServices<Storage>,
        adminKey: Secret,
        version: String,
        metrics: @escaping @Sendable () -> String,
    ) {
        self.services = services
        adminKeyDigest = adminKey.digest
        self.version = version
        self.metrics = metrics
    }

    /// Every route, and a refusal for each method that a route does not take.
    package func router() -> Router<GatewayContext> {
        let router = servedRoutes()
        router.refuseOtherMethods()
        return router
    }

    /// Every route, in the order in which a reader meets them.
    package func servedRoutes() -> Router<GatewayContext> {
        let router = Router(context: GatewayContext.self)
        let settings = services.settings
        router.add(
            middleware: RequestGuard(
                requestID: requestID,
                logger: services.logger,
                crossOrigin: CrossOrigin(origins: settings.corsOrigins),
                warning: settings.takesUnprovenPayers ? GatewayApplication.unproven : nil,
            )
        )
        services.addInferenceRoutes(to: router)
        services.addModelRoutes(to: router)
        services.addCustomerRoutes(to: router)
        services.addDepositRoutes(to: router)
        services.addWithdrawalRoutes(to: router)
        services.addWalletRoutes(to: router)
        services.addKeyRoutes(to: router)
        services.addPricingRoute(to: router)
        services.addDiscoveryRoute(to: router)
        PaymodelRoutes(gateway: services, adminKeyDigest: adminKeyDigest).add(to: router)
        OperatorRoutes(gateway: services, adminKeyDigest: adminKeyDigest).add(to: router)
        HealthRoutes(gateway: services, version: version, metrics: metrics).add(to: router)
        return router
    }

    /// RFC 9111's form of a warning.
    private static var unproven: String { "199 farebox \"X-Payer is not proven; testnet only\"" }

    /// Makes the id of one request.
    private var requestID: @Sendable () -> String {
        let identifiers = services.identifiers
        return {
            let id: Identifier<RequestSubject> = identifiers.next("req")
            return id.description
        }
    }

    /// The server, bound to `host` and `port`.
    ///
    /// - Parameters:
    ///   - host: the address to bind.
    ///   - port: the port to bind; 0 takes a free one.
    ///   - group: the event loops that connections and what serves them run on.
    ///   - onRunning: is told the port once agents can connect.
    /// - Returns: a service that serves until it is shut down.
    package func server(
        host: String,
        port: Int,
        on group: any EventLoopGroup,
        onRunning: @escaping @Sendable (Int) async -> Void,
    ) -> any Service {
        let settings = services.settings
        let server = AgentServer(
            responder: router().buildResponder(),
            timeouts: ConnectionTimeouts(
                request: TimeAmount(settings.requestTimeout),
                body: TimeAmount(settings.bodyTimeout),
                reading: TimeAmount(settings.idleTimeout),
            ),
            requestID: requestID,
            date: AnswerDate(services.time),
        )
        return server.server(
            configuration: ServerConfiguration(
                address: .hostname(host, port: port),
                backlog: 4096,
            ),
            onServerRunning: { await onRunning($0.localAddress?.port ?? port) },
            eventLoopGroup: group,
            logger: services.logger,
        )
    }
}

extension Router<GatewayContext> {
    /// Every method that HTTP itself knows; no other one is served anywhere.
    static let methods: [HTTPRequest.Method] = [
        .get, .head, .post, .put, .patch, .delete, .options, .trace, .connect,
    ]

    /// Answers 405, with what is allowed, where a route exists under another method.
    fileprivate func refuseOtherMethods() {
        for (path, routes) in Dictionary(grouping: routes, by: { "\($0.path)" }) {
            let allowed = routes.map(\.method)
            for method in Self.methods where !allowed.contains(method) {
                on(RouterPath(path), method: method) { request, context in
                    let failure = GatewayError.methodNotAllowed
                    var answer = Surface(request).answer(failure, requestID: context.requestID)
                    answer.headers[.allow] = allowed.map(\.rawValue).joined(separator: ", ")
                    return answer
                }
            }
        }
    }
}

/// What a request id names.
enum RequestSubject {}
