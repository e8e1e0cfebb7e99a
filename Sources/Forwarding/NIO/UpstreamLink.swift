import NIOCore
import NIOHTTP1

/// A connection as other threads hold it; what it does happens on its event loop.
struct UpstreamLink: Sendable {
    let loop: any EventLoop
    let id: ObjectIdentifier
    private let channel: any Channel
    private let connection: NIOLoopBound<UpstreamConnection>

    /// Call it on the connection's event loop.
    init(_ connection: UpstreamConnection, on channel: any Channel) {
        loop = channel.eventLoop
        id = ObjectIdentifier(connection)
        self.channel = channel
        self.connection = NIOLoopBound(connection, eventLoop: channel.eventLoop)
    }

    /// Closes the connection whatever it does; an answer on its way is broken off.
    func close() {
        loop.execute { [connection] in connection.value.fail(.brokenOff) }
    }

    /// Waits until the connection is closed.
    func waitForClose() async { try? await channel.closeFuture.get() }

    // No closure is made where nothing hops.

    func begin(
        _ request: UpstreamRequestBytes,
        _ number: Int,
        marking handover: Handover,
        _ waiter: UnsafeContinuation<HTTPResponseHead?, any Error>,
    ) {
        if loop.inEventLoop {
            connection.value.begin(request, number, marking: handover, waiter)
        } else {
            loop.execute { [connection] in
                connection.value.begin(request, number, marking: handover, waiter)
            }
        }
    }

    func next(_ number: Int, _ waiter: UnsafeContinuation<ByteBuffer?, any Error>) {
        if loop.inEventLoop {
            connection.value.next(number, waiter)
        } else {
            loop.execute { [connection] in connection.value.next(number, waiter) }
        }
    }

    func end(_ number: Int) {
        if loop.inEventLoop {
            connection.value.end(number)
        } else {
            loop.execute { [connection] in connection.value.end(number) }
        }
    }
}

/// The right to one exchange on a connection.
struct UpstreamLease: Sendable {
    let link: UpstreamLink
    /// Later leases of a connection have higher numbers, so that what is told too late about one is
    /// never taken for another.
    let number: Int
    /// Whether the connection was made for it.
    let isFirst: Bool

    /// Sends a request.
    ///
    /// - Returns: the head of the answer; `nil` where the connection was closed before anything was
    ///   written.
    /// - Throws: ``ForwardingError``, or `CancellationError`; the lease is over then.
    func exchange(
        _ request: UpstreamRequestBytes,
        marking handover: Handover,
    ) async throws -> HTTPResponseHead? {
        try await withTaskCancellationHandler {
            try await withUnsafeThrowingContinuation { waiter in
                link.begin(request, number, marking: handover, waiter)
            }
        } onCancel: {
            link.end(number)
        }
    }
}
