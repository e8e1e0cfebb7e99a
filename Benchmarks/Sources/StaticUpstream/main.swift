import NIOCore
import NIOPosix
import Glibc
import Wire

// A provider that always says the same: `port=`, and for streams `chunks=`, `interval-us=`.
let options = Options(CommandLine.arguments.dropFirst())
let script = Script(
    chunks: options.number("chunks", or: 100),
    interval: .microseconds(Int64(options.number("interval-us", or: 0))),
)
let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
let server = try ServerBootstrap(group: group)
    .serverChannelOption(.backlog, value: 4096)
    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
    .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
    .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(Conversation(script))
        }
    }
    .bind(host: "127.0.0.1", port: options.number("port", or: 0)).wait()
print("listening \(server.localAddress?.port ?? 0)")
fflush(nil)
try server.closeFuture.wait()
