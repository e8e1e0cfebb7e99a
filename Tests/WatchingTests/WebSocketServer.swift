import Foundation
import GatewayTestKit
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket

/// A real server for ``WebSocketNode``, with the manners that a test gives it.
struct WebSocketServer {
    enum Manner {
        /// Takes the connection, and never says a word.
        case silent
        /// Takes the upgrade, and never says a word after it: not to pings either.
        case mute
        /// Answers each text with one.
        case talks
    }

    /// Listens while `test` runs, which is told the port.
    static func run(
        _ manner: Manner,
        tls: NIOSSLContext? = nil,
        test: (Int) async throws -> Void,
    ) async throws {
        let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let sync = channel.pipeline.syncOperations
                    if let tls { try sync.addHandler(NIOSSLServerHandler(context: tls)) }
                    guard manner != .silent else { return }
                    try sync.configureHTTPServerPipeline(
                        withServerUpgrade: (
                            upgraders: [upgrader(manner)], completionHandler: { _ in },
                        )
                    )
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        do {
            try await test(server.localAddress?.port ?? 0)
        } catch {
            try await server.close()
            throw error
        }
        try await server.close()
    }

    private static func upgrader(_ manner: Manner) -> NIOWebSocketServerUpgrader {
        NIOWebSocketServerUpgrader { channel, _ in
            channel.eventLoop.makeSucceededFuture(HTTPHeaders())
        } upgradePipelineHandler: { channel, _ in
            channel.eventLoop.makeCompletedFuture {
                guard manner == .talks else { return }
                try channel.pipeline.syncOperations.addHandler(Talker())
            }
        }
    }
}

private final class Talker: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard unwrapInboundIn(data).opcode == .text else { return }
        let answer = WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(string: "hello"))
        context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
    }
}

/// A certificate for `127.0.0.1` that signs itself, made by `openssl`.
struct OwnCertificate {
    let trust: NIOSSLTrustRoots
    let server: NIOSSLContext

    /// - Throws: where `openssl` fails.
    init() throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "farebox-own-\(UInt64.random(in: .min ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (key, file) = (folder.appending(path: "key.pem"), folder.appending(path: "own.pem"))
        let command = """
            req -x509 -days 2 -subj /CN=node -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
            -addext subjectAltName=IP:127.0.0.1,DNS:localhost -keyout \(key.path()) -out \(file.path())
            """
        try OpenSSL.run(command.split(separator: " ").map(String.init))
        let certificates = try NIOSSLCertificate.fromPEMFile(file.path())
        trust = .certificates(certificates)
        server = try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: certificates.map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: key.path(), format: .pem)),
            )
        )
    }
}
