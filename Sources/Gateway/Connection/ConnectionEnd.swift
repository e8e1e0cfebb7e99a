import Synchronization

/// Passes the end of a connection on to the request that it serves, one after the other.
package final class ConnectionEnd: Sendable {
    private struct State {
        var isOver = false
        var current: Departure?
    }

    private let state = Mutex(State())

    package init() {}

    /// What tells the request that starts now that its agent has left.
    package func departure() -> Departure {
        let departure = Departure()
        let isOver = state.withLock { state in
            state.current = departure
            return state.isOver
        }
        if isOver { departure.signal() }
        return departure
    }

    func signal() {
        let departure = state.withLock { state in
            state.isOver = true
            return state.current
        }
        departure?.signal()
    }
}
