import NIOCore
import Synchronization

/// The connections to one upstream, those of each event loop apart, all of them within one bound.
///
/// Whoever comes when the bound is reached waits, in order.
final class ConnectionPool: Sendable {
    private let connector: UpstreamConnector
    private let state: Mutex<ConnectionPoolState>

    init(_ connector: UpstreamConnector, bound: Int) {
        self.connector = connector
        state = Mutex(ConnectionPoolState(bound: bound))
    }

    var waitingCount: Int { state.withLock(\.waitingCount) }

    /// A connection to send one request on.
    ///
    /// A caller that runs on `loop` gets one of it if it can be; any other caller gets whichever is
    /// there, or a new one on `loop`.
    ///
    /// - Throws: ``ForwardingError``, or `CancellationError`.
    func lease(on loop: any EventLoop) async throws -> UpstreamLease {
        let id = loop.inEventLoop ? ObjectIdentifier(loop) : nil
        let grant: ConnectionGrant
        if let granted = try state.withLock({ try $0.grant(on: id) }) {
            grant = granted
        } else {
            grant = try await wait(id)
        }
        switch grant {
        case .lease(let lease): return lease
        case .attempt: return try await connect(on: loop)
        }
    }

    private func wait(_ loop: ObjectIdentifier?) async throws -> ConnectionGrant {
        let place = Mutex<Int?>(nil)
        return try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { waiter in
                enqueue(waiter, on: loop, place)
                // Cancelled before it was queued, it would not be found above.
                if Task.isCancelled { cancel(place) }
            }
        } onCancel: {
            cancel(place)
        }
    }

    /// Queues a waiter, if there is still nothing to be had.
    private func enqueue(
        _ waiter: ConnectionPoolState.Waiter,
        on loop: ObjectIdentifier?,
        _ place: borrowing Mutex<Int?>,
    ) {
        let granted = Result {
            try state.withLock { state in
                let grant = try state.grant(on: loop)
                if grant == nil {
                    let id = state.enqueue(waiter)
                    place.withLock { $0 = id }
                }
                return grant
            }
        }
        switch granted {
        case .success(nil): break
        case .success(let grant?): waiter.resume(returning: grant)
        case .failure(let error): waiter.resume(throwing: error)
        }
    }

    private func cancel(_ place: borrowing Mutex<Int?>) {
        guard let id = place.withLock({ $0 }) else { return }
        state.withLock { $0.dequeue(id) }?.resume(throwing: CancellationError())
    }

    private func connect(on loop: any EventLoop) async throws -> UpstreamLease {
        let attempt = ConnectionAttempt()
        defer { state.withLock { $0.end(attempt) } }
        do {
            guard state.withLock({ $0.begin(attempt) }) else { throw ForwardingError.unreachable }
            let link = try await withTaskCancellationHandler {
                try await withUnsafeThrowingContinuation { waiter in
                    guard attempt.begin(waiter) else { return }
                    connector.connect(attempt, for: self, on: loop)
                }
            } onCancel: {
                attempt.fail(CancellationError())
            }
            return state.withLock { $0.lease(link, isFirst: true) }
        } catch {
            state.withLock { $0.freePlace() }?.take()
            throw error
        }
    }

    // MARK: What connections tell

    /// - Returns: `false` where the connection is not wanted any more.
    func open(_ link: UpstreamLink) -> Bool { state.withLock { $0.open(link) } }

    /// - Returns: `false` where somebody has the connection, or is about to.
    func retire(_ link: UpstreamLink) -> Bool { state.withLock { $0.retire(link) } }

    func giveBack(_ link: UpstreamLink) { state.withLock { $0.giveBack(link) }?.take() }

    func lose(_ link: UpstreamLink) { state.withLock { $0.lose(link) }?.take() }

    /// Closes all connections, and fails whoever waits for one.
    func shutDown() async {
        let (waiters, attempts, links) = state.withLock { $0.shutDown() }
        for waiter in waiters { waiter.resume(throwing: ForwardingError.unreachable) }
        for attempt in attempts { attempt.fail(ForwardingError.unreachable) }
        for link in links { link.close() }
        for link in links { await link.waitForClose() }
    }
}

extension ConnectionPoolState.Turn {
    fileprivate func take() { waiter.resume(returning: grant) }
}
