import NIOCore
import NIOHTTP1

/// Refuses what the server's own types do not tell the routes any more: chunks in HTTP/1.0, whose
/// readers take them for the body itself, and targets that name a host of their own.
final class FramingHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    private var isRefused = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let head) = unwrapInboundIn(data), !isRefused, let error = breach(head) {
            isRefused = true
            context.fireErrorCaught(error)
        }
        if !isRefused { context.fireChannelRead(data) }
    }

    private func breach(_ head: HTTPRequestHead) -> HTTPParserError? {
        if head.version != .http1_1, head.headers.contains(name: "transfer-encoding") {
            return .unexpectedContentLength
        }
        return head.uri.hasPrefix("/") || head.uri == "*" ? nil : .invalidURL
    }
}

@available(*, unavailable)
extension FramingHandler: Sendable {}
