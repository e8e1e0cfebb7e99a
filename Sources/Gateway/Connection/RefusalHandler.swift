import HTTPTypes
package import NIOCore
package import NIOHTTPTypes
import Providers

/// Gives the server's own refusal of what is no HTTP a body and a request id, as every other answer
/// has them.
///
/// Which dialect the caller speaks is not known by then: both official SDKs read Anthropic's body.
package final class RefusalHandler: ChannelOutboundHandler, RemovableChannelHandler {
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart

    private let requestID: @Sendable () -> String

    /// - Parameter requestID: makes the id of a refusal.
    package init(requestID: @escaping @Sendable () -> String) { self.requestID = requestID }

    package func write(
        context: ChannelHandlerContext,
        data: NIOAny,
        promise: EventLoopPromise<Void>?,
    ) {
        // An answer without a request id is none of ours.
        guard case .head(var head) = unwrapOutboundIn(data), head.status == .badRequest,
            head.headerFields[.xRequestID] == nil
        else { return context.write(data, promise: promise) }
        let id = requestID()
        let failure = GatewayError.badRequest("The request is not valid HTTP.")
        let body = ByteBuffer(
            string: DialectError(failure, requestID: id).body(.anthropic)
        )
        head.headerFields[.contentType] = "application/json"
        head.headerFields[.contentLength] = "\(body.readableBytes)"
        head.headerFields[.cacheControl] = "no-store"
        head.headerFields[.xRequestID] = id
        head.headerFields[.requestID] = id
        context.write(wrapOutboundOut(.head(head)), promise: promise)
        context.write(wrapOutboundOut(.body(body)), promise: nil)
    }
}

@available(*, unavailable)
extension RefusalHandler: Sendable {}
