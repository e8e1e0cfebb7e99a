import NIOCore
import NIOPosix
import Wire

/// One connection, which asks one thing at a time.
final class Client: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What became of one request; times in nanoseconds.
    struct Answer {
        var due: Int64
        var firstByte: Int64 = 0
        var end: Int64 = 0
        var isGood = false
    }

    private let run: Run
    private var context: ChannelHandlerContext?
    private var parser = MessageParser()
    private var answer = Answer(due: 0)

    init(_ run: Run) { self.run = run }

    func connect(to port: Int, on loop: any EventLoop) -> EventLoopFuture<Void> {
        let bound = NIOLoopBound(self, eventLoop: loop)
        return ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(bound.value)
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .map { _ in }
    }

    func ask(_ request: ByteBuffer, due: Int64) {
        answer = Answer(due: due)
        context?.writeAndFlush(wrapOutboundOut(request), promise: nil)
    }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        run.opened(self)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        let now = nanoseconds()
        parser.append(&bytes)
        while let found = parser.next() {
            switch found {
            case .head(let head):
                answer.firstByte = now
                answer.isGood = head.hasPrefix("HTTP/1.1 200")
                run.began()
            case .body(let text): run.took(text, at: now)
            case .end:
                answer.end = now
                run.answered(self, answer)
            }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        run.failed(self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
