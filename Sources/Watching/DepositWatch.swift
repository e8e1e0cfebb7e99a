package import Deposits
package import Logging
import Metrics
import Primitives
import ServiceLifecycle

/// Looks at a chain again and again, and at once when it is told to.
///
/// A look that fails is followed by the next: what it did not read is still there. It is told once when a
/// chain can not be read, and once when it can be again.
package struct DepositWatch: Service {
    package typealias Look = @Sendable (inout [DepositOutcome]) async throws -> Void

    private let chain: String
    private let pace: WatchedChain.Pace
    private let look: Look
    private let logger: Logger
    private let hints: AsyncStream<Void>
    private let hinting: AsyncStream<Void>.Continuation

    /// `chain` is the rail's name in the books; `look` reads what is new, once, and adds what became of
    /// deposits, before it fails, too.
    package init(
        _ chain: String,
        _ pace: WatchedChain.Pace,
        logger: Logger,
        look: @escaping Look,
    ) {
        self.chain = chain
        self.pace = pace
        self.look = look
        self.logger = logger
        // However often it is told to look, one look sees it all.
        (hints, hinting) = AsyncStream.makeStream(
            of: Void.self,
            bufferingPolicy: .bufferingNewest(1),
        )
    }

    /// Something may be new: a subscription, a webhook or a person says so.
    package func hint() { hinting.yield() }

    /// Looks until it is cancelled, or the process stops.
    package func run() async throws {
        hint()
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                group.addTask { await hintAtIntervals() }
                group.addTask { await lookAtEachHint() }
            }
        }
    }

    private func hintAtIntervals() async {
        while !Task.isCancelled {
            do { try await pace.clock.sleep(for: pace.interval) } catch { return }
            hint()
        }
    }

    private func lookAtEachHint() async {
        var isReadable = true
        for await _ in hints {
            var outcomes: [DepositOutcome] = []
            // What a look wrote before it failed is written, and no other look finds it anew.
            defer { for outcome in outcomes { tell(outcome) } }
            do {
                try await look(&outcomes)
                if !isReadable { logger.notice("chain can be read again", metadata: metadata()) }
                isReadable = true
                Counter(label: "farebox_deposit_looks", dimensions: dimensions("read")).increment()
            } catch is CancellationError {
                return
            } catch {
                // Whoever is stopping has nobody's answer.
                guard !Task.isCancelled else { return }
                let failure = error as? any Failure
                if isReadable {
                    logger.warning(
                        "chain can not be read",
                        metadata: metadata([
                            "code": "\(failure?.code ?? "unknown")",
                            "failure": "\(failure?.message ?? "")",
                        ]),
                    )
                }
                isReadable = false
                Counter(label: "farebox_deposit_looks", dimensions: dimensions("failed"))
                    .increment()
            }
        }
    }

    /// Tells what is new in the answer to a claim, as it tells of what a look finds.
    func told(of claim: DepositClaim) -> DepositClaim {
        if case .deposits(let outcomes) = claim {
            for outcome in outcomes where !outcome.newSteps.isEmpty { tell(outcome) }
        }
        return claim
    }

    private func tell(_ outcome: DepositOutcome) {
        if outcome.isAlert {
            DepositAlert(chain, logger: logger).tell(outcome.deposit)
        } else {
            logger.info(
                "deposit",
                metadata: metadata(DepositAlert.metadata(of: outcome.deposit)),
            )
        }
    }

    private func dimensions(_ outcome: String) -> [(String, String)] {
        [("chain", chain), ("outcome", outcome)]
    }

    private func metadata(_ more: Logger.Metadata = [:]) -> Logger.Metadata {
        more.merging(["chain": "\(chain)"]) { $1 }
    }
}
