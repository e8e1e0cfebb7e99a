package import NIOCore
package import NIOHTTPTypes

/// Watches one connection for its end: the server tells no handler when an agent leaves.
///
/// An agent that closes its sending side has left, too: no official client does that and reads on.
package final class DepartureHandler: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart

    /// The end of the connection, as its requests learn of it.
    package let end = ConnectionEnd()

    package init() {}

    package func channelInactive(context: ChannelHandlerContext) {
        end.signal()
        context.fireChannelInactive()
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { end.signal() }
        context.fireUserInboundEventTriggered(event)
    }
}
