import ServiceLifecycle

/// Owns the tasks of inferences, so that none of them ends with its agent's request.
package struct InferenceSupervisor: Service {
    package typealias Job = @Sendable () async -> Void

    private let jobs: AsyncStream<Job>
    private let continuation: AsyncStream<Job>.Continuation

    package init() { (jobs, continuation) = AsyncStream.makeStream(of: Job.self) }

    /// Starts `job` in a task of its own.
    ///
    /// - Returns: `false` when the supervisor takes no more; then nothing was started.
    package func start(_ job: @escaping Job) -> Bool {
        switch continuation.yield(job) {
        case .enqueued: true
        case .dropped, .terminated: false
        @unknown default: false
        }
    }

    /// Runs until a graceful shutdown and the end of every job, or until it is cancelled: then the
    /// jobs are cancelled, settle what they have, and end.
    package func run() async throws {
        await withTaskCancellationOrGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                for await job in jobs { group.addTask { await job() } }
                if Task.isCancelled { group.cancelAll() }
            }
        } onCancelOrGracefulShutdown: {
            continuation.finish()
        }
    }
}
