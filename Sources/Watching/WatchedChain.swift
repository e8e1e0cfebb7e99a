package import ChainFormats
package import Deposits
package import Logging
package import Primitives
package import ServiceLifecycle

/// A chain whose deposits are watched, whichever kind it is of.
package struct WatchedChain: Sendable {
    package let rail: DepositRail
    /// What looks, and what tells it when to.
    package let services: [any Service]
    /// Something may be new, somebody says; it is looked at soon.
    package let hint: @Sendable () -> Void
    /// Reads one transaction at once, because somebody says that it holds a deposit.
    ///
    /// It throws ``RPCFailure`` and `StoreError`; a text that names no transaction of this kind of chain
    /// is not found.
    package let claim: @Sendable (String) async throws -> DepositClaim
    /// What the treasury has, by the chain's own word.
    package let holdings: @Sendable () async throws -> [Asset: Amount]

    /// Whether a contract at an address says that a signature of a digest is its own; `nil` on chains whose
    /// contracts sign nothing.
    package let contractSigns: (@Sendable (EVMAddress, [UInt8], [UInt8]) async throws -> Bool)?

    /// How often a chain is looked at, and by which clocks.
    package struct Pace: Sendable {
        package let interval: Duration
        package let clock: any Clock<Duration>
        package let now: @Sendable () -> Timestamp

        package init(
            every interval: Duration,
            clock: any Clock<Duration>,
            now: @escaping @Sendable () -> Timestamp,
        ) {
            self.interval = interval
            self.clock = clock
            self.now = now
        }
    }
}

/// What came of a transaction that somebody names.
package enum DepositClaim: Sendable {
    /// The chain does not know it, or not yet.
    case notFound
    /// It failed, or holds nothing for the treasury.
    case noDeposit
    /// It stands before the block where the watch begins.
    case tooEarly
    case deposits([DepositOutcome])
}

extension WatchedChain {
    /// An EVM chain; the first node is asked for everything, the others for what they list and what they say
    /// of receipts and blocks.
    package static func evm<Node: JSONRPC, Storage: Store>(
        _ rail: DepositRail,
        _ watching: EVMWatching,
        nodes: [Node],
        store: Storage,
        pace: Pace,
        logger: Logger,
    ) -> WatchedChain where Storage.Transaction: DepositWatchTransaction {
        let alert = DepositAlert(rail.chain, logger: logger)
        let watcher = EVMWatcher(
            watching,
            nodes: nodes,
            unread: unread(rail, store, pace, logger),
            store: store,
            now: pace.now,
            tell: { alert.tell($0) },
        )
        let watch = DepositWatch(rail.chain, pace, logger: logger) { try await watcher.look(&$0) }
        let node = EVMNode(nodes[0])
        return WatchedChain(
            rail: rail,
            services: [watch],
            hint: { watch.hint() },
            claim: { text in
                guard let hash = EVMWord(text) else { return .notFound }
                return watch.told(of: try await watcher.claim(hash))
            },
            holdings: {
                try await node.requireChain(watching.treasury.chainID)
                return try await node.holdings(of: watching.treasury)
            },
            contractSigns: { contract, digest, signature in
                try await node.requireChain(watching.treasury.chainID)
                return try await node.contract(contract, signs: digest, signature)
            },
        )
    }

    /// A network of Solana; the first node is asked for everything, the others for what they list.
    ///
    /// `subscription` is where a node tells when to look.
    package static func solana<Node: JSONRPC, Storage: Store>(
        _ rail: DepositRail,
        _ watching: SolanaWatching,
        nodes: [Node],
        subscription: WebSocketNode?,
        store: Storage,
        pace: Pace,
        logger: Logger,
    ) -> WatchedChain where Storage.Transaction: DepositWatchTransaction {
        let watcher = SolanaWatcher(
            watching,
            nodes: nodes,
            unread: unread(rail, store, pace, logger),
            store: store,
            now: pace.now,
        )
        let asked = SolanaNode(nodes[0])
        let watch = DepositWatch(rail.chain, pace, logger: logger) { try await watcher.look(&$0) }
        let subscription = subscription.map { node in
            SolanaSubscription(
                watching.treasury,
                node: node,
                watch: watch,
                clock: pace.clock,
                logger: logger,
            )
        }
        return WatchedChain(
            rail: rail,
            services: [watch] + (subscription.map { [$0] } ?? []),
            hint: { watch.hint() },
            claim: { text in
                guard let signature = SolanaSignature(text) else { return .notFound }
                return watch.told(of: try await watcher.claim(signature))
            },
            holdings: {
                if let genesis = watching.genesis { try await asked.requireGenesis(genesis) }
                return try await asked.holdings(of: watching.treasury)
            },
            contractSigns: nil,
        )
    }

    private static func unread<Storage: Store>(
        _ rail: DepositRail,
        _ store: Storage,
        _ pace: Pace,
        _ logger: Logger,
    ) -> UnreadTransactions<Storage> where Storage.Transaction: DepositWatchTransaction {
        let alert = DepositAlert(rail.chain, logger: logger)
        return UnreadTransactions(chain: rail.chain, store: store, now: pace.now) { alert.tell($0) }
    }
}
