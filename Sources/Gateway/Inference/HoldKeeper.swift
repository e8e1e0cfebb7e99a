import Ledger
package import Logging
import Metrics
package import Primitives
import ServiceLifecycle

/// Renews the leases of live inferences and expires the holds that nobody renews.
package struct HoldKeeper<Storage: GatewayStore>: Service {
    private let store: Storage
    private let live: LiveHolds
    private let lease: Duration
    private let time: TimeSource
    private let clock: any Clock<Duration>
    private let logger: Logger

    package init(
        store: Storage,
        live: LiveHolds,
        lease: Duration,
        time: TimeSource,
        clock: any Clock<Duration>,
        logger: Logger,
    ) {
        self.store = store
        self.live = live
        self.lease = lease
        self.time = time
        self.clock = clock
        self.logger = logger
    }

    package func run() async throws {
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await clock.sleep(for: lease / 3) } catch { return }
                try await tend()
            }
        }
    }

    /// Renews what lives and expires what does not, once.
    package func tend() async throws {
        let now = time.now()
        let (until, ids) = (now.advanced(by: lease), live.all)
        let expired = try await store.write(.durable) { transaction in
            try transaction.renewHolds(ids, until: until)
            return try transaction.expireHolds(leasedBefore: now, except: ids, at: now)
        }
        report(expired)
    }

    /// Expires every open hold: at a start, none of them belongs to a process that lives.
    package func expireAll() async throws {
        let now = time.now()
        var expired: [Hold] = []
        repeat {
            expired = try await store.write(.durable) { transaction in
                try transaction.expireHolds(
                    leasedBefore: .distantFuture,
                    except: [],
                    at: now,
                )
            }
            report(expired)
        } while !expired.isEmpty
    }

    /// Each expired hold is an attempt that the operator reconciles with the provider's bill.
    private func report(_ expired: [Hold]) {
        for hold in expired {
            Counter(label: "farebox_holds_expired_total").increment()
            logger.warning(
                "hold expired",
                metadata: ["hold.id": "\(hold.id)", "model": "\(hold.subject)"],
            )
        }
    }
}
