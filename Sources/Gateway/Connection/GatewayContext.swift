package import Hummingbird
package import Logging
import NIOCore

/// What accompanies one request through the routes.
package struct GatewayContext: RequestContext {
    /// What a context is made of.
    package struct Source: RequestContextSource {
        package let logger: Logger
        let arrived: ArrivedRequest
    }

    package var coreContext: CoreRequestContextStorage
    /// The request's body.
    package let body: ArrivedBody
    /// Tells when the agent leaves.
    package let departure: Departure
    /// Where the agent is served.
    package let executor: any TaskExecutor
    private let address: SocketAddress?
    /// Sent back as `x-request-id` and `request-id`; set by the outermost middleware.
    package var requestID = ""

    package init(source: Source) {
        coreContext = .init(source: source)
        body = source.arrived.body
        departure = source.arrived.departure
        executor = source.arrived.executor
        address = source.arrived.remoteAddress
    }

    /// The address that the connection comes from.
    package var remoteAddress: String { address?.ipAddress ?? "unknown" }
}
