import NIOCore
import NIOHTTP1

/// Feeds what arrives to NIO's decoder, and sees to it that nothing arrives that was not asked for.
///
/// It stands in for `ByteToMessageHandler`, which would keep the first bytes behind an answer for
/// the next one.
final class AnswerDecoder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = HTTPClientResponsePart

    private let connection: UpstreamConnection
    private let decoder: HTTPResponseDecoder
    private let headLimit: Int
    /// What the decoder wants to see again together with what comes next.
    private var rest = ByteBuffer()
    /// What has arrived since the request was sent, until the head was whole.
    private var headBytes = 0

    private static let request = HTTPClientRequestPart.head(
        HTTPRequestHead(version: .http1_1, method: .POST, uri: "/")
    )

    init(_ connection: UpstreamConnection, headLimit: Int) {
        self.connection = connection
        self.headLimit = headLimit
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = headLimit
        limits.maxHeaderListSize = headLimit
        // Informational answers are dropped; they count toward the limit of the head.
        decoder = HTTPResponseDecoder(
            informationalResponseStrategy: .drop,
            limitConfiguration: limits,
        )
    }

    /// A request is about to be written.
    func expectAnswer() {
        headBytes = 0
        decoder.write(data: AnswerDecoder.request)
    }

    func handlerAdded(context: ChannelHandlerContext) { decoder.decoderAdded(context: context) }

    func handlerRemoved(context: ChannelHandlerContext) { decoder.decoderRemoved(context: context) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard connection.isExpecting else { return connection.receiveUnasked() }
        var bytes = unwrapInboundIn(data)
        if !connection.hasHead { headBytes += bytes.readableBytes }
        if rest.readableBytes > 0 {
            rest.writeBuffer(&bytes)
            swap(&rest, &bytes)
        }
        do {
            _ = try decoder.decode(context: context, buffer: &bytes)
            if connection.isWhole { try checkNothingFollows(bytes, context) }
        } catch HTTPParserError.headerOverflow {
            return connection.fail(.tooLarge)
        } catch {
            return connection.fail(.malformed)
        }
        rest = bytes.readableBytes > 0 ? bytes : ByteBuffer()
        if !connection.hasHead, headBytes > headLimit { connection.fail(.tooLarge) }
    }

    /// What follows an answer in one read would belong to the next one.
    ///
    /// The decoder is asked whether it is inside a message. Empty lines between two messages are
    /// the only bytes that it drops.
    private func checkNothingFollows(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) throws {
        guard bytes.readableBytes == 0 else { throw HTTPParserError.invalidEOFState }
        try end(context: context)
    }

    /// Tells the decoder that nothing follows: an answer without a length is whole then.
    ///
    /// - Throws: what the decoder says of an answer that is not whole.
    func end(context: ChannelHandlerContext) throws {
        var nothing = ByteBuffer()
        _ = try decoder.decodeLast(context: context, buffer: &nothing, seenEOF: true)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if connection.isExpecting, !connection.isWhole {
            // Where it is not whole, the connection knows it by the end that does not come.
            try? end(context: context)
        }
        context.fireChannelInactive()
    }
}
