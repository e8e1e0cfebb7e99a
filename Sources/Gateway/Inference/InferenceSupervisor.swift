import ServiceLifecycle
import Synchronization

/// Owns the tasks of inferences, so that none of them ends with its agent's request.
///
/// The one place that starts tasks outside a group: an inference begins at once, on the executor that
/// its agent is served on, and yet belongs to the process and not to its connection.
package struct InferenceSupervisor: Service {
    package typealias Job = @Sendable () async -> Void

    private let jobs = Jobs()
    private let stops: AsyncStream<Duration>
    private let stop: AsyncStream<Duration>.Continuation
    private let clock: any Clock<Duration>

    package init(clock: any Clock<Duration>) {
        self.clock = clock
        (stops, stop) = AsyncStream.makeStream(of: Duration.self)
    }

    /// Starts a job in a task of its own.
    ///
    /// - Parameters:
    ///   - executor: where it runs; `nil` leaves that to the system.
    ///   - work: the job.
    /// - Returns: `false` when the supervisor takes no more; then nothing was started.
    package func start(on executor: (any TaskExecutor)? = nil, _ work: @escaping Job) -> Bool {
        jobs.start(on: executor, work)
    }

    /// Gives the jobs that run so long to end; then they are cancelled, settle what they have, and
    /// end while their agents still listen.
    package func stop(after bound: Duration) { stop.yield(bound) }

    /// Runs until a graceful shutdown and the end of every job, or until it is cancelled.
    package func run() async throws {
        await withTaskCancellationHandler {
            await withTaskCancellationOrGracefulShutdownHandler {
                await withTaskGroup { group in
                    group.addTask { await waitForTheTimeToBeUp() }
                    await jobs.ended()
                    group.cancelAll()
                }
            } onCancelOrGracefulShutdown: {
                jobs.close()
            }
        } onCancel: {
            jobs.cancel()
        }
        // Its jobs are over; the process goes on until every other service has been told.
        do { try await gracefulShutdown() } catch { return }
    }

    /// Cancels the jobs when a bound has passed that ``stop(after:)`` set.
    private func waitForTheTimeToBeUp() async {
        for await bound in stops {
            // A cancelled sleep means that every job has ended.
            do { try await clock.sleep(for: bound) } catch { return }
            jobs.cancel()
        }
    }
}

/// The jobs that run.
private final class Jobs: Sendable {
    private struct State {
        var tasks: [Int: Task<Void, Never>?] = [:]
        var started = 0
        var isClosed = false
        var isCancelled = false
        var waiter: CheckedContinuation<Void, Never>?

        /// Takes out who waits for the end, where this is it.
        mutating func takeWaiter() -> CheckedContinuation<Void, Never>? {
            guard isClosed, tasks.isEmpty else { return nil }
            defer { waiter = nil }
            return waiter
        }
    }

    private let state = Mutex(State())

    func start(
        on executor: (any TaskExecutor)?,
        _ work: @escaping InferenceSupervisor.Job,
    ) -> Bool {
        let number = state.withLock { state -> Int? in
            guard !state.isClosed else { return nil }
            state.started += 1
            state.tasks[state.started] = .some(nil)
            return state.started
        }
        guard let number else { return false }
        let task = Task(executorPreference: executor) {
            await work()
            self.end(number)
        }
        let isCancelled = state.withLock { state in
            // It may be over by now.
            if state.tasks[number] != nil { state.tasks[number] = task }
            return state.isCancelled
        }
        if isCancelled { task.cancel() }
        return true
    }

    private func end(_ number: Int) {
        let waiter = state.withLock { state in
            state.tasks.removeValue(forKey: number)
            return state.takeWaiter()
        }
        waiter?.resume()
    }

    /// Takes no further job.
    func close() {
        let waiter = state.withLock { state in
            state.isClosed = true
            return state.takeWaiter()
        }
        waiter?.resume()
    }

    /// Cancels the jobs that run, and whatever is yet started.
    func cancel() {
        let tasks = state.withLock { state in
            state.isCancelled = true
            return state.tasks.values.compactMap(\.self)
        }
        for task in tasks { task.cancel() }
    }

    /// Returns when no further job is taken and the last one has ended.
    func ended() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.isClosed, state.tasks.isEmpty { return true }
                state.waiter = continuation
                return false
            }
            if isOver { continuation.resume() }
        }
    }
}
