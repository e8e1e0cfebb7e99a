package import Hummingbird
package import NIOCore
import Synchronization

/// A request as its connection hands it on.
package struct ArrivedRequest: Sendable {
    /// The request, whose body is apart from it.
    package let request: Request
    package let body: ArrivedBody
    /// Tells when its agent has left.
    package let departure: Departure
    /// Where the connection comes from.
    package let remoteAddress: SocketAddress?
    /// Where the connection is served.
    package let executor: any TaskExecutor
}

/// Where a connection leaves the request that is to be served, and the task that serves it waits.
final class RequestMailbox: Sendable {
    private struct State {
        var arrived: ArrivedRequest?
        var isOver = false
        var waiter: CheckedContinuation<ArrivedRequest?, Never>?
    }

    private let state = Mutex(State())

    /// Leaves a request; the one before was taken.
    func leave(_ request: ArrivedRequest) {
        let waiter = state.withLock { state in
            guard state.waiter != nil else {
                state.arrived = request
                return nil as CheckedContinuation<ArrivedRequest?, Never>?
            }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: request)
    }

    /// Says that no further request comes.
    func close() {
        let waiter = state.withLock { state in
            state.isOver = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: nil)
    }

    /// The next request; `nil` when none comes any more.
    func next() async -> ArrivedRequest? {
        await withCheckedContinuation { continuation in
            let (isThere, request) = state.withLock { state -> (Bool, ArrivedRequest?) in
                defer { state.arrived = nil }
                if let arrived = state.arrived { return (true, arrived) }
                if state.isOver { return (true, nil) }
                state.waiter = continuation
                return (false, nil)
            }
            if isThere { continuation.resume(returning: request) }
        }
    }
}
