import NIOCore
import NIOHTTP1
import NIOTLS

/// One connection to an upstream, on its event loop: idle, or with one exchange.
final class UpstreamConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        /// Until TLS is agreed, where it is asked for.
        case connecting(ConnectionAttempt)
        case idle
        case exchanging
        /// Closed, or being closed.
        case closed
    }

    private let pool: ConnectionPool
    private let isSecure: Bool
    private var phase: Phase
    private var context: ChannelHandlerContext?
    private var decoder: AnswerDecoder?
    private let idleLimit: TimeAmount
    private var idleSince = NIODeadline.now()
    private var timer: Scheduled<Void>?
    private var answer = AnswerState()
    /// The number of the newest exchange, and of the newest that is over.
    private var begun = 0
    private var ended = 0
    private var isWritten = false
    /// What is still to be written of the request.
    private var unwritten = UnwrittenBody()
    /// Whether the next slice is written in a turn of the event loop that is to come.
    private var isWriteDue = false
    /// Whether a read was asked for that has not been answered.
    private var isReading = false
    private var headWaiter: UnsafeContinuation<HTTPResponseHead?, any Error>?
    private var pieceWaiter: UnsafeContinuation<ByteBuffer?, any Error>?

    init(_ pool: ConnectionPool, for attempt: ConnectionAttempt, isSecure: Bool, idle: TimeAmount) {
        self.pool = pool
        self.isSecure = isSecure
        phase = .connecting(attempt)
        idleLimit = idle
    }

    /// Adds what a connection needs to its channel.
    static func add(
        _ connection: UpstreamConnection,
        to channel: any Channel,
        headLimit: Int,
    ) throws {
        let decoder = AnswerDecoder(connection, headLimit: headLimit)
        connection.decoder = decoder
        try channel.pipeline.syncOperations.addHandlers([decoder, connection])
    }

    // MARK: What the decoder asks and tells

    /// Whether what arrives is part of an answer.
    var isExpecting: Bool {
        switch phase {
        case .exchanging: !answer.isEnded
        case .connecting, .idle, .closed: false
        }
    }

    var hasHead: Bool { answer.hasHead }
    var isWhole: Bool { answer.isWhole }

    /// Bytes that nobody asked for are nobody's answer, and what follows them would not be either.
    func receiveUnasked() { close() }

    /// The answer can not go on; one that is whole stays whole.
    func fail(_ error: ForwardingError) {
        answer.fail(error)
        close()
        deliver()
    }

    // MARK: An exchange

    /// Writes a request; the waiter gets the head of its answer, or `nil` where the connection is
    /// closed and nothing was written.
    func begin(
        _ request: UpstreamRequestBytes,
        _ number: Int,
        marking handover: Handover,
        _ waiter: UnsafeContinuation<HTTPResponseHead?, any Error>,
    ) {
        guard case .idle = phase, let context, let decoder else {
            return waiter.resume(returning: nil)
        }
        do {
            try handover.mark()
        } catch {
            // Whoever called it off may say so once more, when another has the connection.
            ended = number
            pool.giveBack(link(context))
            return waiter.resume(throwing: error)
        }
        phase = .exchanging
        begun = number
        answer = AnswerState()
        headWaiter = waiter
        isWritten = false
        decoder.expectAnswer()
        write(request, context)
        readOn()
    }

    private func write(_ request: UpstreamRequestBytes, _ context: ChannelHandlerContext) {
        unwritten = UnwrittenBody(request.rest)
        let promise = unwritten.isEmpty ? writtenPromise(context) : nil
        context.writeAndFlush(wrapOutboundOut(request.first), promise: promise)
        writeOn()
    }

    /// Writes the next slice of a large body when the channel takes it: others are served on this
    /// event loop in between.
    private func writeOn() {
        guard !isWriteDue, let context, context.channel.isWritable, let slice = unwritten.next()
        else { return }
        guard !unwritten.isEmpty else {
            return context.writeAndFlush(wrapOutboundOut(slice), promise: writtenPromise(context))
        }
        isWriteDue = true
        context.eventLoop.assumeIsolated().execute {
            self.isWriteDue = false
            self.writeOn()
        }
        context.writeAndFlush(wrapOutboundOut(slice), promise: nil)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        writeOn()
        context.fireChannelWritabilityChanged()
    }

    private func writtenPromise(_ context: ChannelHandlerContext) -> EventLoopPromise<Void> {
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { self.written($0) }
        return promise
    }

    /// A connection takes its next request only after all of this one's was written.
    private func written(_ result: Result<Void, any Error>) {
        switch result {
        case .success: isWritten = true
        case .failure: fail(.brokenOff)
        }
    }

    /// Hands out the next piece of the body, now or when it has arrived; `nil` is the end.
    func next(_ number: Int, _ waiter: UnsafeContinuation<ByteBuffer?, any Error>) {
        guard number == begun, pieceWaiter == nil else {
            preconditionFailure("an answer is read once, by one reader")
        }
        pieceWaiter = waiter
        deliver()
        readOn()
    }

    /// Ends an exchange whose answer is not wanted any more, and its connection with it.
    ///
    /// One that is over is left alone: its connection may serve another.
    func end(_ number: Int) {
        guard number > ended, number >= begun else { return }
        ended = number
        answer.abandon(CancellationError())
        close()
        deliver()
    }

    private func deliver() {
        if let waiter = headWaiter {
            guard let result = answer.takeHead() else { return }
            headWaiter = nil
            switch result {
            case .success(let head): waiter.resume(returning: head)
            case .failure(let error): waiter.resume(throwing: error)
            }
        }
        guard let waiter = pieceWaiter, let result = answer.takePiece() else { return }
        pieceWaiter = nil
        switch result {
        case .success(let piece):
            if piece == nil { finish() }
            waiter.resume(returning: piece)
        case .failure(let error): waiter.resume(throwing: error)
        }
    }

    /// The answer was read to its end.
    private func finish() {
        ended = begun
        guard case .exchanging = phase, answer.isReusable, isWritten, let context else {
            return close()
        }
        phase = .idle
        idleSince = .now()
        pool.giveBack(link(context))
    }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        decoder = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        if !isSecure { becomeReady(context) }
        readOn()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent {
            becomeReady(context)
            isReading = false
            readOn()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        answer.receive(unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        if answer.isEnded, !answer.isWhole { close() }
        deliver()
        readOn()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch phase {
        case .connecting(let attempt): attempt.fail(ForwardingError.translating(connecting: error))
        // The decoder says so from its middle; the connection is closed when it has come out.
        case _ where error is HTTPParserError: answer.fail(ForwardingError.malformed)
        case .idle, .exchanging, .closed: fail(.brokenOff)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        switch phase {
        case .connecting(let attempt): return attempt.fail(ForwardingError.unreachable)
        case .idle, .exchanging, .closed: break
        }
        phase = .closed
        unwritten = UnwrittenBody()
        pool.lose(link(context))
        answer.fail(ForwardingError.brokenOff)
        deliver()
    }

    private func becomeReady(_ context: ChannelHandlerContext) {
        guard case .connecting(let attempt) = phase else { return }
        guard let waiter = attempt.claim() else { return context.close(promise: nil) }
        phase = .idle
        let link = link(context)
        idleSince = .now()
        expire(context)
        if !pool.open(link) { close() }
        waiter.resume(returning: link)
    }

    /// Reads while there is room.
    ///
    /// A piece that nobody has taken yet keeps the next one in the socket. An idle connection reads too, or it would not learn that it was closed.
    private func readOn() {
        guard !isReading, !answer.hasPiece, let context else { return }
        switch phase {
        case .connecting, .idle, .exchanging:
            isReading = true
            context.read()
        case .closed: break
        }
    }

    /// Closes a connection that has served nobody for long enough, or looks again when it may have.
    ///
    /// One timer for the connection's life, and none for each request.
    private func expire(_ context: ChannelHandlerContext) {
        let now = NIODeadline.now()
        var due = now + idleLimit
        if case .idle = phase, idleSince + idleLimit > now { due = idleSince + idleLimit }
        if case .idle = phase, idleSince + idleLimit <= now, pool.retire(link(context)) {
            return close()
        }
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: due) {
            if let context = self.context { self.expire(context) }
        }
    }

    private func close() {
        switch phase {
        case .connecting, .idle, .exchanging:
            phase = .closed
            unwritten = UnwrittenBody()
            context?.close(promise: nil)
        case .closed: break
        }
    }

    private func link(_ context: ChannelHandlerContext) -> UpstreamLink {
        UpstreamLink(self, on: context.channel)
    }
}
