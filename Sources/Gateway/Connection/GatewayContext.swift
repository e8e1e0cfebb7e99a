package import Hummingbird
import Logging
package import NIOCore

/// What accompanies one request through the routes.
package struct GatewayContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    package let channel: any Channel
    /// Sent back as `x-request-id` and `request-id`; set by the outermost middleware.
    package var requestID = ""

    package init(source: Source) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    /// The address that the connection comes from.
    package var remoteAddress: String { channel.remoteAddress?.ipAddress ?? "unknown" }

    /// What tells when the agent leaves; one that never does where nothing watches.
    package func departure() async -> Departure {
        let end = channel.pipeline.handler(type: DepartureHandler.self).map(\.end)
        return (try? await end.get())?.departure() ?? Departure()
    }
}
