import AsyncHTTPClient
import Deposits
import Logging
import NIOCore
import Primitives
import StoreSQLite
import Watching

/// What asks the chains' nodes.
struct NodeClient: Sendable {
    let http: HTTPClient

    /// A node that is down is told of at once; the next look tries again.
    init() {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.timeout.connect = .seconds(5)
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }
}

extension ServeSettings {
    /// How often chains are looked at.
    var pace: WatchedChain.Pace {
        WatchedChain.Pace(
            every: depositInterval,
            clock: SystemSources.clock,
            now: { SystemSources.time.now() },
        )
    }

    /// A chain with its nodes, over HTTP.
    func watched(
        _ chain: ChainSettings,
        _ store: SQLiteStore,
        _ client: NodeClient,
    ) -> WatchedChain {
        let nodes = chain.nodes.map { HTTPNode($0, client: client.http) }
        let logger = Logger(label: "farebox.deposits")
        switch chain.watching {
        case .evm(let watching):
            return .evm(
                chain.rail,
                watching,
                nodes: nodes,
                store: store,
                pace: pace,
                logger: logger,
            )
        case .solana(let watching):
            return .solana(
                chain.rail,
                watching,
                nodes: nodes,
                subscription: chain.subscription.flatMap {
                    WebSocketNode($0, random: SystemSources.random)
                },
                store: store,
                pace: pace,
                logger: logger,
            )
        }
    }
}
