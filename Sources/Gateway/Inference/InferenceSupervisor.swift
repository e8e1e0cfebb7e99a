import ServiceLifecycle

/// Owns the tasks of inferences, so that none of them ends with its agent's request.
package struct InferenceSupervisor: Service {
    package typealias Job = @Sendable () async -> Void

    private let jobs: AsyncStream<Job>
    private let job: AsyncStream<Job>.Continuation
    private let stops: AsyncStream<Duration>
    private let stop: AsyncStream<Duration>.Continuation
    private let clock: any Clock<Duration>

    package init(clock: any Clock<Duration>) {
        self.clock = clock
        (jobs, job) = AsyncStream.makeStream(of: Job.self)
        (stops, stop) = AsyncStream.makeStream(of: Duration.self)
    }

    /// Starts a job in a task of its own.
    ///
    /// - Returns: `false` when the supervisor takes no more; then nothing was started.
    package func start(_ work: @escaping Job) -> Bool {
        switch job.yield(work) {
        case .enqueued: true
        case .dropped, .terminated: false
        @unknown default: false
        }
    }

    /// Gives the jobs that run so long to end; then they are cancelled, settle what they have, and
    /// end while their agents still listen.
    package func stop(after bound: Duration) { stop.yield(bound) }

    /// Runs until a graceful shutdown and the end of every job, or until it is cancelled.
    package func run() async throws {
        await withTaskCancellationOrGracefulShutdownHandler {
            await withTaskGroup { group in
                group.addTask { await runJobs() }
                group.addTask { await waitForTheTimeToBeUp() }
                await group.next()
                group.cancelAll()
            }
            // Its jobs are over; the process goes on until every other service has been told.
            do { try await gracefulShutdown() } catch { return }
        } onCancelOrGracefulShutdown: {
            job.finish()
        }
    }

    private func runJobs() async {
        await withDiscardingTaskGroup { group in
            for await work in jobs { group.addTask { await work() } }
        }
    }

    /// Returns when a bound has passed that ``stop(after:)`` set, or when it is cancelled.
    private func waitForTheTimeToBeUp() async {
        for await bound in stops {
            // A cancelled sleep means that every job has ended.
            do { try await clock.sleep(for: bound) } catch { return }
            return
        }
    }
}
