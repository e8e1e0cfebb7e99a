package import NIOCore
import NIOPosix
import ServiceLifecycle

/// An HTTP server that behaves like a model provider, in OpenAI's and Anthropic's wire formats at once.
///
/// It accepts any credential and any model but `no-such-model…`, answers what ``SimulatedAnswer`` and the request's
/// directives say, and remembers what it received.
package struct SimulatedUpstream: Service {
    private let state: SimulatorState
    private let listener: SimulatedListener

    /// An upstream that does not listen yet; port 0 takes a free one, which ``start()`` tells.
    package init(
        host: String = "127.0.0.1",
        port: Int = 0,
        defaults: SimulatedAnswer = .init(),
        eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
    ) {
        state = SimulatorState(defaults)
        listener = SimulatedListener(host: host, port: port, group: eventLoopGroup, state: state)
    }

    /// What was received.
    package var record: SimulatedRecord { state.record }

    /// The settings of answers whose requests say nothing else.
    package var settings: SimulatedAnswer {
        get { state.settings }
        nonmutating set { state.settings = newValue }
    }

    /// Starts to listen and answer, and returns the port; later calls return the same port.
    ///
    /// - Throws: the error of the system when the address can not be bound.
    package func start() async throws -> Int {
        try await listener.start()
    }

    /// Listens until it is cancelled or shut down gracefully, then closes every connection.
    ///
    /// - Throws: as ``start()``.
    package func run() async throws {
        _ = try await start()
        // Cancellation is the other way to stop; both are wanted ends.
        try? await gracefulShutdown()
        await stop()
    }

    /// Stops listening and closes every connection.
    ///
    /// Answers under way are recorded as cancelled. It can not be started again.
    package func stop() async {
        await listener.stop()
    }
}
