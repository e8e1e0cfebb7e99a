import NIOCore
import Wire

/// What is answered.
struct Script: Sendable {
    /// How many pieces of text a stream has.
    let chunks: Int
    /// The time between two of them; zero sends as fast as is read.
    let interval: TimeAmount

    static let whole = message(
        "application/json",
        """
        {"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"gpt-4o",\
        "choices":[{"index":0,"message":{"role":"assistant","content":"Hello there, this is an answer \
        of a common length for a gateway to meter and to charge."},"finish_reason":"stop"}],\
        "usage":{"prompt_tokens":20,"completion_tokens":16,"total_tokens":36}}
        """,
    )
    static let streamHead =
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    static let usage =
        "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
        + "\"model\":\"gpt-4o\",\"choices\":[],\"usage\":{\"prompt_tokens\":20,"
        + "\"completion_tokens\":100,\"total_tokens\":120}}"

    /// A piece of text: the moment at which it was written.
    static func chunk() -> String {
        "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,"
            + "\"model\":\"gpt-4o\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"t\(nanoseconds()) "
            + "\"},\"finish_reason\":null}]}"
    }

    private static func message(_ type: String, _ body: String) -> String {
        "HTTP/1.1 200 OK\r\ncontent-type: \(type)\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
    }
}

/// One connection: a request, its answer, the next.
final class Conversation: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let script: Script
    private var parser = MessageParser()
    private var isStream = false
    private var pieces = 0

    init(_ script: Script) { self.script = script }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        parser.append(&bytes)
        while let found = parser.next() {
            switch found {
            case .head: isStream = false
            case .body(let part):
                let marker = Array("\"stream\":true".utf8)
                isStream = isStream || part.readableBytesView.firstRange(of: marker) != nil
            case .end: answer(context)
            }
        }
    }

    private func answer(_ context: ChannelHandlerContext) {
        guard isStream else { return send(Script.whole, context) }
        send(Script.streamHead, context)
        pieces = 0
        step(context)
    }

    private func step(_ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        repeat {
            guard pieces < script.chunks else {
                return send(framed(Script.usage) + framed("[DONE]") + "0\r\n\r\n", context)
            }
            pieces += 1
            send(framed(Script.chunk()), context)
        } while script.interval == .zero && context.channel.isWritable
        let wait = script.interval == .zero ? TimeAmount.microseconds(50) : script.interval
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: wait) { bound.value.0.step(bound.value.1) }
    }

    private func framed(_ data: String) -> String {
        let event = "data: \(data)\n\n"
        return "\(String(event.utf8.count, radix: 16))\r\n\(event)\r\n"
    }

    private func send(_ text: String, _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
