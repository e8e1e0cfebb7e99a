import HTTPTypes
package import NIOCore
import NIOHTTP1
package import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// Ends connections that the server would keep: those of agents that send too slowly, do not read,
/// were told that it is over, or do not speak HTTP.
package final class ConnectionHandler: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = HTTPRequestPart
    package typealias InboundOut = HTTPRequestPart
    package typealias OutboundIn = HTTPResponsePart
    package typealias OutboundOut = HTTPResponsePart

    /// How long an agent may go on sending what nobody reads before it is cut off.
    private static let farewell: TimeAmount = .seconds(2)

    private let bodyTimeout: TimeAmount
    private let readTimeout: TimeAmount
    private var turns = ConnectionTurns()
    private var isSilent = false
    private var bodyDeadline: Scheduled<Void>?
    private var readDeadline: Scheduled<Void>?
    private var end: Scheduled<Void>?

    /// - Parameters:
    ///   - bodyTimeout: how long a request's body may take, whether or not a route reads it.
    ///   - readTimeout: how long an agent may leave unread what was written.
    package init(bodyTimeout: Duration, readTimeout: Duration) {
        // Whoever reads the body tells of its slowness first.
        self.bodyTimeout = TimeAmount(bodyTimeout) + ConnectionHandler.farewell
        self.readTimeout = TimeAmount(readTimeout)
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        let pipeline = context.pipeline.syncOperations
        do {
            let codec = try pipeline.handler(type: HTTP1ToHTTPServerCodec.self)
            try pipeline.addHandler(FramingHandler(), position: .before(codec))
        } catch {
            context.close(promise: nil)
        }
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        for deadline in [bodyDeadline, readDeadline, end] { deadline?.cancel() }
    }

    // MARK: What the agent sends

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            turns.receivesHead(closes: head.headerFields.closesConnection)
            bodyDeadline = bodyDeadline ?? awaitBody(context)
        case .body: break
        case .end:
            turns.receivesEnd()
            bodyDeadline?.cancel()
            bodyDeadline = nil
        }
        context.fireChannelRead(data)
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is HTTPParserError { turns.receivesGarbage() }
        context.fireErrorCaught(error)
    }

    private func awaitBody(_ context: ChannelHandlerContext) -> Scheduled<Void> {
        context.eventLoop.assumeIsolated().scheduleTask(in: bodyTimeout) {
            self.bodyDeadline = nil
            // What waits behind an earlier request is not read before that was answered.
            if self.turns.isReadingWhatIsServed {
                context.close(promise: nil)
            } else {
                self.bodyDeadline = self.awaitBody(context)
            }
        }
    }

    // MARK: What the agent is sent

    package func write(
        context: ChannelHandlerContext,
        data: NIOAny,
        promise: EventLoopPromise<Void>?,
    ) {
        let part = unwrapOutboundIn(data)
        if case .head(let head) = part,
            !turns.beginsAnswer(closes: head.headerFields.closesConnection)
        {
            isSilent = true
            leave(context)
        }
        guard !isSilent else {
            promise?.fail(ChannelError.alreadyClosed)
            return
        }
        guard case .end = part, turns.endsAnswer() else {
            context.write(data, promise: promise)
            return
        }
        let written = promise ?? context.eventLoop.makePromise()
        written.futureResult.assumeIsolated().whenComplete { _ in self.leave(context) }
        context.write(data, promise: written)
    }

    package func channelWritabilityChanged(context: ChannelHandlerContext) {
        readDeadline?.cancel()
        readDeadline = nil
        if !context.channel.isWritable {
            readDeadline = context.eventLoop.assumeIsolated().scheduleTask(in: readTimeout) {
                context.close(promise: nil)
            }
        }
        context.fireChannelWritabilityChanged()
    }

    /// Says that nothing follows; an agent that does not leave by itself is cut off.
    private func leave(_ context: ChannelHandlerContext) {
        guard end == nil, context.channel.isActive else { return }
        context.close(mode: .output, promise: nil)
        end = context.eventLoop.assumeIsolated()
            .scheduleTask(in: ConnectionHandler.farewell) { context.close(promise: nil) }
    }
}

@available(*, unavailable)
extension ConnectionHandler: Sendable {}

extension HTTPFields {
    fileprivate var closesConnection: Bool {
        self[values: .connection].contains { $0.lowercased() == "close" }
    }
}
