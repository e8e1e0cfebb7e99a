package import Deposits
import Ledger
package import Logging
import Metrics
package import Primitives
import ServiceLifecycle
package import Withdrawals

/// Compares what a treasury has, by its chain's own word, with what the books say that we hold there.
///
/// Money on its way out leaves the chain before it leaves the books, so as much as is in `payout` for this
/// chain may be missing. What is missing at two looks in a row is told, and again when it grows.
package struct TreasuryWatch<Storage: Store>: Service
where Storage.Transaction: DepositWatchTransaction & WithdrawalReading {
    private let rail: DepositRail
    private let holdings: Holdings
    private let store: Storage
    private let pace: WatchedChain.Pace
    private let logger: Logger

    package typealias Holdings = @Sendable () async throws -> [Asset: Amount]

    package init(
        _ rail: DepositRail,
        store: Storage,
        pace: WatchedChain.Pace,
        logger: Logger,
        holdings: @escaping Holdings,
    ) {
        self.rail = rail
        self.holdings = holdings
        self.store = store
        self.pace = pace
        self.logger = logger
    }

    /// Looks until it is cancelled, or the process stops.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var last: [Asset: Shortfall] = [:]
            while !Task.isCancelled {
                do { try await pace.clock.sleep(for: pace.interval) } catch { return }
                last = await look(after: last)
            }
        }
    }

    /// What was missing of an asset at the last look, in its smallest unit.
    struct Shortfall: Hashable {
        let missing: Int128
        /// How much was told of.
        let told: Int128
    }

    /// Looks once.
    ///
    /// - Returns: what is missing; as it was where the chain or the books can not be read.
    func look(after last: [Asset: Shortfall]) async -> [Asset: Shortfall] {
        // It is read before the books are: what comes between is credited later.
        guard let held = try? await holdings() else { return last }
        var found: [Asset: Shortfall] = [:]
        for asset in Set(rail.coins.map(\.asset)) {
            let chain = rail.chain
            let custody = AccountID(.custody(chain), asset)
            let books = try? await store.read { books in
                (try books.balance(of: custody).posted, try books.leaving(asset, over: chain))
            }
            guard let books, let held = held[asset] else {
                found[asset] = last[asset]
                continue
            }
            // What we hold stands on the debit side.
            let missing = -Int128(books.0) - books.1 - Int128(held.units)
            Gauge(
                label: "farebox_treasury_missing",
                dimensions: [("chain", rail.chain), ("asset", asset.rawValue)],
            ).record(Double(max(0, missing)))
            guard missing > 0 else { continue }
            found[asset] = tell(missing, of: asset, after: last[asset])
        }
        return found
    }

    private func tell(
        _ missing: Int128,
        of asset: Asset,
        after last: Shortfall?,
    ) -> Shortfall {
        let lasting = min(missing, last?.missing ?? 0)
        if let last, lasting > last.told {
            logger.error(
                "the treasury has less than the books say",
                metadata: [
                    "chain": "\(rail.chain)", "asset": "\(asset.rawValue)", "missing": "\(missing)",
                ],
            )
        }
        return Shortfall(missing: missing, told: max(lasting, last?.told ?? 0))
    }
}
