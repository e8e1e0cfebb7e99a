import Glibc
import Simulation

/// Takes over Swift's own scheduling.
///
/// Every job of the concurrency runtime waits in one row, and a seeded choice picks the next. One
/// thread runs them all, so a schedule is a function of its seed.
///
/// The hooks are the runtime's (`swift/Runtime/Concurrency.h`); they are global, so a process has
/// one scheduler.
final class Scheduler: SerialExecutor {
    static let shared = Scheduler()

    private typealias Original = @convention(thin) (UnownedJob) -> Void
    private typealias Hook = @convention(thin) (UnownedJob, Original) -> Void

    nonisolated(unsafe) private static var ready: [UnownedJob] = []
    nonisolated(unsafe) private static var dice = Dice(seed: 1)
    /// Of the choices so far: two runs of one seed have the same.
    nonisolated(unsafe) private(set) static var trace: UInt64 = 0
    nonisolated(unsafe) private(set) static var steps = 0

    static func install() {
        guard let symbol = dlsym(dlopen(nil, 0), "swift_task_enqueueGlobal_hook") else {
            preconditionFailure("this runtime has no hook for its global executor")
        }
        symbol.assumingMemoryBound(to: Hook?.self).pointee = { job, _ in
            Scheduler.ready.append(job)
        }
    }

    /// Runs `body` and everything that it starts to the end.
    ///
    /// - Parameters:
    ///   - seed: of the choices.
    ///   - limit: how many steps one schedule may take; more of them means that it does not end.
    ///   - betweenSteps: is called before each step.
    ///   - whenIdle: is called when nothing is ready; says whether something may be now.
    ///   - body: what is run.
    /// - Returns: whether it came to its end.
    static func run(
        seed: UInt64,
        limit: Int,
        betweenSteps: () -> Void,
        whenIdle: () -> Bool,
        body: @escaping @Sendable () async -> Void,
    ) -> Bool {
        dice = Dice(seed: seed)
        (trace, steps) = (14_695_981_039_346_656_037, 0)
        Task { await body() }
        while true {
            while !ready.isEmpty {
                guard steps < limit else {
                    ready = []
                    return false
                }
                betweenSteps()
                let choice = dice.below(ready.count)
                let job = ready.remove(at: choice)
                steps += 1
                trace = (trace ^ UInt64(choice)) &* 1_099_511_628_211
                job.runSynchronously(on: shared.asUnownedSerialExecutor())
            }
            guard whenIdle() else { return true }
        }
    }

    func enqueue(_ job: consuming ExecutorJob) { Scheduler.ready.append(UnownedJob(job)) }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }
}
