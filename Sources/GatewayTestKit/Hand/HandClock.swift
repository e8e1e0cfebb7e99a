package import Primitives
import Synchronization

/// A clock that stands still until a test turns it.
package final class HandClock: Sendable {
    private let moment: Mutex<Timestamp>

    /// Starts at 2026-01-01T00:00:00Z unless told otherwise.
    package init(at moment: Timestamp = Timestamp(microseconds: 1_767_225_600_000_000)) {
        self.moment = Mutex(moment)
    }

    package var now: Timestamp { moment.withLock(\.self) }

    /// The clock as everybody else sees it.
    package var source: TimeSource { TimeSource { self.now } }

    /// Turns the clock, forwards or back, and returns the new time.
    @discardableResult
    package func advance(by duration: Duration) -> Timestamp {
        moment.withLock { moment in
            moment = moment.advanced(by: duration)
            return moment
        }
    }
}
