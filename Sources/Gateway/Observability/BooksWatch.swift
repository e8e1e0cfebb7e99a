import Ledger
package import Logging
import Primitives
import ServiceLifecycle
import Synchronization

/// Sums the books up again and again while the gateway runs, for the gauge
/// `farebox_ledger_imbalance`.
package final class BooksWatch<Storage: GatewayStore>: Service {
    private let store: Storage
    private let interval: Duration
    private let clock: any Clock<Duration>
    private let logger: Logger
    private let measured = Mutex<Int64?>(nil)

    package init(
        store: Storage,
        interval: Duration,
        clock: any Clock<Duration>,
        logger: Logger,
    ) {
        self.store = store
        self.interval = interval
        self.clock = clock
        self.logger = logger
    }

    /// By how much the books were out when they were summed up last; 0 unless something is wrong.
    ///
    /// `nil` before the first time.
    package var imbalance: Int64? { measured.withLock(\.self) }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.measure()
                do { try await self.clock.sleep(for: self.interval) } catch { return }
            }
        }
    }

    /// Sums the books up once.
    package func measure() async {
        do {
            let found = try await store.read { try Imbalance.measure(&$0) }
            measured.withLock { $0 = found }
            guard found != 0 else { return }
            logger.critical("the books are out of balance", metadata: ["by": "\(found)"])
        } catch {
            logger.error("the books could not be read", metadata: ["error": "\(error)"])
        }
    }
}
