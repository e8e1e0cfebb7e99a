import AsyncHTTPClient
import Deposits
import Logging
import NIOCore
import Primitives
import ServiceLifecycle
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

    func nodes(at urls: [String]) -> [HTTPNode] {
        urls.map { HTTPNode($0, client: http, clock: SystemSources.clock) }
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
        let nodes = client.nodes(at: chain.nodes)
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

    /// What compares a chain's treasury with the books, at every twentieth look.
    func treasuryWatch(of chain: WatchedChain, _ store: SQLiteStore) -> any Service {
        TreasuryWatch(
            chain.rail,
            store: store,
            pace: WatchedChain.Pace(every: pace.interval * 20, clock: pace.clock, now: pace.now),
            logger: Logger(label: "farebox.deposits"),
            holdings: chain.holdings,
        )
    }
}
