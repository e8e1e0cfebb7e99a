import NIOCore
import NIOHTTP1

/// One connection: collects requests and plays the answers, one after the other.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    private let state: SimulatorState
    private var arriving: IncomingRequest?
    private var waiting = CircularBuffer<IncomingRequest>(initialCapacity: 1)
    private var player: ScriptPlayer?
    /// The peer reads slower than we write.
    private var isBlocked = false
    /// No further request is answered.
    private var isClosing = false
    private var pause: Scheduled<Void>?

    /// Pieces written before other connections get their turn.
    private static let burst = 32

    init(_ state: SimulatorState) {
        self.state = state
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            arriving = IncomingRequest(head)
            if head.headers["expect"].contains(where: { $0.lowercased() == "100-continue" }) {
                let head = ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n")
                context.writeAndFlush(wrapOutboundOut(head), promise: nil)
            }
        case .body(let part): arriving?.append(part)
        case .end:
            guard let request = arriving else { return }
            arriving = nil
            waiting.append(request)
            startNext(context)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if isBlocked && context.channel.isWritable {
            isBlocked = false
            play(context)
        }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        pause?.cancel()
        end(.cancelled)
        player = nil
        for request in waiting { recordLost(request) }
        waiting.removeAll()
        if let request = arriving { recordLost(request) }
        arriving = nil
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is HTTPParserError && player == nil {
            let head: StaticString =
                "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(staticString: head)), promise: nil)
        }
        context.close(promise: nil)
    }

    private func startNext(_ context: ChannelHandlerContext) {
        guard player == nil, !isClosing, let request = waiting.popFirst() else { return }
        let route = Route(request.head.uri)
        switch route {
        case .recordedRequests, .settings:
            player = ScriptPlayer(ControlAPI(state: state).script(request, route), recordID: nil)
        case .chatCompletions, .messages, .countTokens, .models, .model, .unknown:
            let id = state.record.begin(request.head, body: request.body)
            let responder = Responder(request, route: route, number: id)
            let script = responder.script(defaults: state.settings)
            state.record.plan(id, status: script.status, sent: script.sent)
            player = ScriptPlayer(script, recordID: id)
        }
        play(context)
    }

    private func play(_ context: ChannelHandlerContext) {
        var sends = 0
        while let action = player?.advance() {
            switch action {
            case .send(let piece, let isLast):
                // Whoever reads the last byte must find the answer completed.
                if isLast { end(.completed) }
                context.writeAndFlush(wrapOutboundOut(piece), promise: nil)
                sends += 1
                guard context.channel.isWritable else {
                    isBlocked = true
                    return
                }
                if player?.script.yields == true || sends == Self.burst {
                    return playLater(context)
                }
            case .pause(let time): return playLater(context, in: time)
            case .stall: return
            case .close:
                end(.broken)
                return close(context)
            case .reset:
                end(.broken)
                return reset(context)
            case .finished: return finish(context)
            }
        }
    }

    private func playLater(_ context: ChannelHandlerContext, in time: Duration = .zero) {
        let loop = context.eventLoop.assumeIsolated()
        if time == .zero {
            loop.execute { self.play(context) }
        } else {
            pause = loop.scheduleTask(in: TimeAmount(time)) { self.play(context) }
        }
    }

    private func finish(_ context: ChannelHandlerContext) {
        let closes = player?.script.closesAfter == true
        player = nil
        if closes { close(context) } else { startNext(context) }
    }

    /// Closes after everything written before.
    private func close(_ context: ChannelHandlerContext) {
        player = nil
        isClosing = true
        let written = context.writeAndFlush(wrapOutboundOut(ByteBuffer()))
        written.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
    }

    private func reset(_ context: ChannelHandlerContext) {
        player = nil
        isClosing = true
        let closed = context.channel.lingeringNot()
        closed.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
    }

    private func end(_ outcome: ReceivedRequest.Outcome) {
        guard let player, let id = player.recordID else { return }
        state.record.end(id, outcome, pieces: player.pieces)
    }

    /// Records a request whose client left before it was answered.
    private func recordLost(_ request: IncomingRequest) {
        let id = state.record.begin(request.head, body: request.body)
        state.record.end(id, .cancelled, pieces: 0)
    }
}
