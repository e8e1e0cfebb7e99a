import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import Primitives

/// The HTTP/1.1 server: gives each connection a task on its own event loop, which serves its requests
/// one after the other.
struct AgentServer<Responder: HTTPResponder>: ServerChildChannel
where Responder.Context == GatewayContext {
    /// A connection, as the task sees it that serves it.
    struct Value: ServerChildChannelValue {
        let channel: any Channel
        fileprivate let handler: NIOLoopBound<ConnectionHandler>
        fileprivate let mailbox: RequestMailbox
        fileprivate let executor: EventLoopExecutor
    }

    let responder: Responder
    let timeouts: ConnectionTimeouts
    let requestID: @Sendable () -> String
    let date: AnswerDate

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.syncOptions?.setOption(.unsentBytes, value: AnswerWriter.unsentBytes)
            var limits = NIOHTTPDecoderLimitConfiguration()
            limits.maxHeaderFieldSize = 80 << 10
            limits.maxHeaderListSize = 80 << 10
            limits.maxHeaderFieldCount = 1000
            let decoder = HTTPRequestDecoder(
                leftOverBytesStrategy: .dropBytes,
                informationalResponseStrategy: .drop,
                limitConfiguration: limits,
            )
            let executor = EventLoopExecutor(channel.eventLoop)
            let handler = ConnectionHandler(timeouts, on: executor, requestID: requestID)
            try channel.pipeline.syncOperations.addHandlers([
                ByteToMessageHandler(decoder, maximumBufferSize: 128 << 10), handler,
            ])
            return Value(
                channel: channel,
                handler: NIOLoopBound(handler, eventLoop: channel.eventLoop),
                mailbox: handler.mailbox,
                executor: executor,
            )
        }
    }

    func handle(value: Value, logger: Logger) async {
        await withTaskExecutorPreference(value.executor) {
            await withTaskCancellationHandler {
                while let arrived = await value.mailbox.next() {
                    await serve(arrived, value, logger)
                }
            } onCancel: {
                value.channel.close(promise: nil)
            }
        }
    }

    private func serve(_ arrived: ArrivedRequest, _ value: Value, _ logger: Logger) async {
        let context = GatewayContext(source: .init(logger: logger, arrived: arrived))
        var response: Response
        do {
            response = try await responder.respond(to: arrived.request, context: context)
        } catch {
            // The outermost middleware turns every failure into an answer.
            logger.error("no answer", metadata: ["error": "\(type(of: error))"])
            response = Response(status: .internalServerError)
        }
        response.headers[.date] = date.text
        let writer = AnswerWriter(
            channel: value.channel,
            handler: value.handler,
            head: response.head,
            method: arrived.request.method,
        )
        do {
            try await response.body.write(writer)
        } catch {
            await writer.abort()
        }
    }
}

/// Writes one answer to its connection.
private struct AnswerWriter: ResponseBodyWriter {
    let channel: any Channel
    let handler: NIOLoopBound<ConnectionHandler>
    let head: HTTPResponse
    let method: HTTPRequest.Method
    private var hasBegun = false

    init(
        channel: any Channel,
        handler: NIOLoopBound<ConnectionHandler>,
        head: HTTPResponse,
        method: HTTPRequest.Method,
    ) {
        self.channel = channel
        self.handler = handler
        self.head = head
        self.method = method
    }

    /// How much is written at once; an agent that takes as much is one that reads.
    private static let slice = 64 << 10
    /// How much the system takes before it is sent.
    ///
    /// By itself it takes megabytes, and then nothing until a third of them are gone: who reads
    /// steadily but slowly looks like somebody who does not read.
    fileprivate static let unsentBytes = ChannelOptions.Types.SocketOption.Value(2 * slice)

    mutating func write(_ buffer: ByteBuffer) async throws {
        var rest = buffer
        repeat {
            let length = min(rest.readableBytes, AnswerWriter.slice)
            try await writeSlice(rest.readSlice(length: length) ?? ByteBuffer())
        } while rest.readableBytes > 0
    }

    private mutating func writeSlice(_ slice: ByteBuffer) async throws {
        let begins = !hasBegun
        hasBegun = true
        let takesMore = try await perform(begins: begins) { $0.send(slice) }
        guard !takesMore else { return }
        await withCheckedContinuation { [channel, handler] continuation in
            channel.eventLoop.execute { handler.value.wait(continuation) }
        }
        guard channel.isActive else { throw ChannelError.ioOnClosedChannel }
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        try await perform(begins: !hasBegun) { $0.finish() }
    }

    func abort() async {
        // A channel that is closed needs no closing.
        try? await perform(begins: false) { $0.abort() }
    }

    /// Does something on the connection's event loop, where this task runs already.
    private nonmutating func perform<Outcome: Sendable>(
        begins: Bool,
        _ body: @escaping @Sendable (ConnectionHandler) -> Outcome,
    ) async throws -> Outcome {
        guard channel.isActive else { throw ChannelError.ioOnClosedChannel }
        let (handler, head, method) = (handler, head, method)
        let act = { @Sendable in
            if begins { handler.value.begin(head, to: method) }
            return body(handler.value)
        }
        if channel.eventLoop.inEventLoop { return act() }
        return try await channel.eventLoop.submit(act).get()
    }
}

extension ChannelOption where Self == ChannelOptions.Types.SocketOption {
    /// How many bytes a socket keeps that were not sent yet: `TCP_NOTSENT_LOWAT` of tcp(7).
    fileprivate static var unsentBytes: Self { Self(level: .tcp, name: .init(rawValue: 25)) }
}
