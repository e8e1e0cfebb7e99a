import ChainFormats
import Logging
import Primitives
import ServiceLifecycle

/// Has a network's node tell when a transaction names the treasury, so that it is looked at at once.
///
/// It may miss any of them: what happened is what the histories say, which the watch reads anyhow.
///
/// Source: `logsSubscribe` of Solana's RPC, which takes one address in each subscription.
package struct SolanaSubscription: Service {
    /// The pauses before the connection is tried again: doubled with each failure.
    private static let pauses: (first: Duration, longest: Duration) = (.seconds(1), .seconds(60))
    private static let heartbeat = Duration.seconds(30)

    private let treasury: SolanaTreasury
    private let node: WebSocketNode
    private let watch: DepositWatch
    private let clock: any Clock<Duration>
    private let logger: Logger

    init(
        _ treasury: SolanaTreasury,
        node: WebSocketNode,
        watch: DepositWatch,
        clock: any Clock<Duration>,
        logger: Logger,
    ) {
        self.treasury = treasury
        self.node = node
        self.watch = watch
        self.clock = clock
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var pause = SolanaSubscription.pauses.first
            while !Task.isCancelled {
                let held = await clock.measure { await listen() }
                // What was missed meanwhile is looked for now.
                watch.hint()
                if held > SolanaSubscription.pauses.longest {
                    pause = SolanaSubscription.pauses.first
                }
                do { try await clock.sleep(for: pause) } catch { return }
                pause = min(pause * 2, SolanaSubscription.pauses.longest)
            }
        }
    }

    private func listen() async {
        do {
            try await node.listen(
                questions,
                every: SolanaSubscription.heartbeat,
                clock: clock,
                heard: { watch.hint() },
            )
        } catch {
            guard !Task.isCancelled else { return }
            let code = (error as? any Failure)?.code ?? "unknown"
            logger.info(
                "subscription ended",
                metadata: ["chain": "\(treasury.chain)", "code": "\(code)"],
            )
        }
    }

    /// Once when it is confirmed, to be seen, and once when it is final, to be credited.
    private var questions: [String] {
        treasury.watched.flatMap { address in
            [SolanaCommitment.confirmed, .finalized].map { commitment in
                """
                {"jsonrpc":"2.0","id":1,"method":"logsSubscribe","params":\
                [{"mentions":["\(address)"]},{"commitment":"\(commitment.rawValue)"}]}
                """
            }
        }
    }
}
