package import NIOCore
package import NIOHTTPTypes

/// Watches one connection for its end: the server tells no handler when an agent leaves.
///
/// An agent that closes its sending side has left, too: no official client does that and reads on.
package final class DepartureHandler: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart

    package let departure = Departure()

    package init() {}

    package func channelInactive(context: ChannelHandlerContext) {
        departure.signal()
        context.fireChannelInactive()
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { departure.signal() }
        context.fireUserInboundEventTriggered(event)
    }
}
