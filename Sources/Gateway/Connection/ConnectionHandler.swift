import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1

/// One agent's connection, on its event loop: hands its requests on one after the other, writes their
/// answers, and ends it when it must end.
///
/// What a request's arrival and an answer's end mean is for ``ConnectionTurns`` to say.
final class ConnectionHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long an agent may go on sending what nobody reads before it is cut off.
    private static let farewell: TimeAmount = .seconds(2)

    private let timeouts: ConnectionTimeouts
    private let requestID: @Sendable () -> String
    private let executor: EventLoopExecutor
    let mailbox = RequestMailbox()
    private var context: ChannelHandlerContext?

    private var turns = ConnectionTurns()
    /// The request whose body may yet come at once.
    private var arriving: (head: HTTPRequestHead, body: ByteBuffer)?
    /// The body that is still to come of the request that was handed on.
    private var inflow: BodyInflow?
    private var departure: Departure?
    /// What came behind the request that is served.
    private var later = CircularBuffer<HTTPServerRequestPart>()
    /// What is no HTTP, behind what waits.
    private var garbage: (any Error)?
    /// Answers that have ended and are not written yet.
    private var unwritten = 0
    private var answer = AnswerEncoder()
    /// Whether the request that is served is of HTTP/1.0, which knows no chunks.
    private var isOldVersion = false
    private var isFlushing = false
    private var isReadWanted = false
    private var isSilent = false
    private var hasLeft = false
    private var writer: CheckedContinuation<Void, Never>?
    private var lastActivity = NIODeadline.now()
    private var idleCheck: Scheduled<Void>?
    private var bodyDeadline: Scheduled<Void>?
    private var readDeadline: Scheduled<Void>?
    private var end: Scheduled<Void>?

    /// - Parameters:
    ///   - timeouts: how long it waits for what.
    ///   - executor: where its requests are served: its own event loop.
    ///   - requestID: makes the id of a refusal that no route gives.
    init(
        _ timeouts: ConnectionTimeouts,
        on executor: EventLoopExecutor,
        requestID: @escaping @Sendable () -> String,
    ) {
        self.timeouts = timeouts
        self.executor = executor
        self.requestID = requestID
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        checkIdleness(in: timeouts.request)
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    // MARK: What the agent sends

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        lastActivity = .now()
        receive(unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        pauses()
        context.fireChannelReadComplete()
    }

    /// What is not looked at yet is not read on.
    func read(context: ChannelHandlerContext) {
        if later.isEmpty, inflow?.isFull != true {
            context.read()
        } else {
            isReadWanted = true
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // The decoder says of all that follows an error that it does.
        if case .dataReceivedInErrorState = error as? ByteToMessageDecoderError { return }
        guard error is HTTPParserError else { return context.close(promise: nil) }
        if later.isEmpty { receiveGarbage(error) } else { garbage = error }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed:
            // No official client ends its sending side and reads on: this one has left.
            hasLeft = true
            departure?.signal()
            pauses()
            if turns.isReadingBody {
                receiveGarbage(HTTPParserError.invalidEOFState)
            } else {
                perform(turns.windsUp())
            }
        case is ChannelShouldQuiesceEvent:
            if turns.windsUp() == .leave { unwritten > 0 ? leave() : abort() }
            // A request that has not come whole holds no money: a stop does not wait for it.
            inflow?.end(.failure(GatewayError.stopping))
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        hasLeft = true
        departure?.signal()
        inflow?.end(.failure(ChannelError.eof))
        mailbox.close()
        wakeWriter()
        for deadline in [idleCheck, bodyDeadline, readDeadline, end] { deadline?.cancel() }
        context.fireChannelInactive()
    }

    private func receive(_ part: HTTPServerRequestPart) {
        guard !isSilent else { return }
        if later.isEmpty, isWanted(part) { take(part) } else { later.append(part) }
    }

    private func isWanted(_ part: HTTPServerRequestPart) -> Bool {
        if case .head = part { turns.takesHead } else { true }
    }

    private func take(_ part: HTTPServerRequestPart) {
        switch part {
        case .head(let head):
            if let error = head.breach { return receiveGarbage(error) }
            turns.receivesHead(closes: head.closesConnection)
            arriving = (head, ByteBuffer())
        case .body(var bytes):
            if arriving != nil {
                arriving?.body.writeBuffer(&bytes)
            } else {
                inflow?.append(bytes)
            }
        case .end: perform(turns.receivesEnd())
        }
    }

    /// What was read at once is over.
    private func pauses() {
        let arrival = turns.pauses()
        guard arrival == .handOn else { return }
        bodyDeadline = schedule(in: timeouts.body) { $0.bodyIsLate() }
        handOn(isWhole: false)
    }

    private func receiveGarbage(_ error: any Error) {
        let arrival = turns.receivesGarbage()
        perform(arrival)
        if arrival == .handOnBroken || arrival == .bodyIsBroken {
            inflow?.end(.failure(error))
            inflow = nil
        }
    }

    private func perform(_ arrival: ConnectionTurns.Arrival) {
        switch arrival {
        case .none, .bodyIsBroken: break
        case .handOn: handOn(isWhole: true)
        case .handOnBroken: handOn(isWhole: false)
        case .bodyIsWhole: endBody()
        case .refuse: refuse()
        case .next:
            endBody()
            lookAtWhatWaited()
        case .leave: leave()
        }
    }

    private func endBody() {
        bodyDeadline?.cancel()
        bodyDeadline = nil
        inflow?.end(.success(()))
        inflow = nil
        readOn()
    }

    private func handOn(isWhole: Bool) {
        guard let (head, bytes) = arriving, let context else { return }
        arriving = nil
        let body: ArrivedBody
        if isWhole {
            body = .whole(bytes)
        } else {
            let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
            let (loop, isAwaited) = (context.eventLoop, head.isAwaited && bytes.readableBytes == 0)
            let announced = head.headers.first(name: "content-length").flatMap(Int.init) ?? 0
            let inflow = BodyInflow(bytes, announced: announced) {
                loop.execute {
                    if isAwaited { bound.value.askForBody() }
                    bound.value.readOn()
                }
            }
            self.inflow = inflow
            body = .coming(inflow)
        }
        let departure = Departure()
        if hasLeft { departure.signal() }
        self.departure = departure
        isOldVersion = head.version != .http1_1
        guard let request = HTTPRequest(head) else { return refuse() }
        mailbox.leave(
            ArrivedRequest(
                request: Request(head: request, body: RequestBody(buffer: ByteBuffer())),
                body: body,
                departure: departure,
                remoteAddress: context.remoteAddress,
                executor: executor,
            )
        )
    }

    private func lookAtWhatWaited() {
        while !isSilent, let part = later.first, isWanted(part) {
            later.removeFirst()
            take(part)
        }
        if later.isEmpty, let error = garbage {
            garbage = nil
            receiveGarbage(error)
        }
        pauses()
        readOn()
    }

    private func readOn() {
        guard isReadWanted, later.isEmpty, inflow?.isFull != true else { return }
        isReadWanted = false
        context?.read()
    }

    // MARK: What the agent is sent

    /// Begins the answer to the request that is served.
    func begin(_ response: HTTPResponse, to method: HTTPRequest.Method) {
        var response = response
        let hasNoEnd = isOldVersion && response.headerFields[.contentLength] == nil
        turns.beginsAnswer(closes: hasNoEnd || response.headerFields.closesConnection)
        if turns.isLast { response.headerFields[.connection] = "close" }
        answer.begin(response, to: method, inChunks: !isOldVersion)
    }

    /// Tells an agent that waits for it to send its body (RFC 9110, section 10.1.1).
    private func askForBody() {
        guard let context, turns.isReadingBody, turns.isServing, !isSilent else { return }
        let go = ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n")
        context.writeAndFlush(wrapOutboundOut(go), promise: nil)
    }

    /// Sends a part of the answer's body.
    ///
    /// - Returns: whether the agent takes more now.
    func send(_ bytes: ByteBuffer) -> Bool {
        guard let context, !isSilent else { return true }
        for piece in answer.encode(bytes) { context.write(wrapOutboundOut(piece), promise: nil) }
        let takesMore = context.channel.isWritable
        // A stream goes out as it comes, and what is too much to wait for its end goes out, too.
        if answer.isStream || !takesMore { flushSoon(context) }
        return takesMore
    }

    /// Ends the answer.
    func finish() {
        guard let context, turns.isServing, !isSilent else { return }
        let rest = answer.end()
        departure = nil
        // What is left of its body is passed over.
        inflow = nil
        readOn()
        unwritten += 1
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in
            self.unwritten -= 1
            self.lastActivity = .now()
        }
        context.writeAndFlush(wrapOutboundOut(rest), promise: written)
        perform(turns.endsAnswer())
    }

    /// Breaks the answer off: its reader must see that it is not whole.
    func abort() { context?.close(promise: nil) }

    /// Returns when the agent takes more, or is gone.
    func wait(_ continuation: CheckedContinuation<Void, Never>) {
        guard let context, context.channel.isActive, !context.channel.isWritable else {
            return continuation.resume()
        }
        writer = continuation
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        readDeadline?.cancel()
        readDeadline = nil
        if context.channel.isWritable {
            wakeWriter()
        } else {
            readDeadline = schedule(in: timeouts.reading) { $0.abort() }
        }
        context.fireChannelWritabilityChanged()
    }

    private func wakeWriter() {
        writer?.resume()
        writer = nil
    }

    /// Flushes once all that is to be written now is written.
    private func flushSoon(_ context: ChannelHandlerContext) {
        guard !isFlushing else { return }
        isFlushing = true
        context.eventLoop.assumeIsolated().execute {
            self.isFlushing = false
            self.context?.flush()
        }
    }

    private func refuse() {
        let (head, body) = HTTPResponse.noHTTP(requestID: requestID())
        answer.begin(head, to: .get, inChunks: false)
        _ = send(body)
        context?.writeAndFlush(wrapOutboundOut(answer.end()), promise: nil)
        leave()
    }

    // MARK: Its end

    /// Says that nothing follows; an agent that does not leave by itself is cut off.
    private func leave() {
        guard !isSilent, let context, context.channel.isActive else { return }
        isSilent = true
        later.removeAll()
        mailbox.close()
        readOn()
        // Once all is written.
        let closed = context.eventLoop.makePromise(of: Void.self)
        closed.futureResult.assumeIsolated().whenComplete { _ in
            self.end = self.schedule(in: ConnectionHandler.farewell) { $0.abort() }
        }
        context.close(mode: .output, promise: closed)
    }

    private func bodyIsLate() {
        inflow?.end(.failure(GatewayError.bodyTooSlow))
        bodyDeadline = schedule(in: ConnectionHandler.farewell) { handler in
            if handler.turns.isReadingBody { handler.abort() }
        }
    }

    private func checkIdleness(in time: TimeAmount) {
        idleCheck = schedule(in: time) { handler in
            let isIdle = handler.turns.isIdle && handler.unwritten == 0
            let quiet = isIdle ? NIODeadline.now() - handler.lastActivity : .zero
            if quiet >= handler.timeouts.request {
                handler.abort()
            } else {
                handler.checkIdleness(in: handler.timeouts.request - quiet)
            }
        }
    }

    private func schedule(
        in time: TimeAmount,
        _ body: @escaping (ConnectionHandler) -> Void,
    ) -> Scheduled<Void>? {
        context?.eventLoop.assumeIsolated().scheduleTask(in: time) { [weak self] in
            if let self { body(self) }
        }
    }
}

@available(*, unavailable)
extension ConnectionHandler: Sendable {}
