import Dispatch
import Synchronization

/// Runs tasks beside every event loop, and holds them at a gate until it is opened.
final class GatedExecutor: TaskExecutor {
    private struct State {
        var isOpen: Bool
        var held: [UnownedJob] = []
        var count = 0
    }

    private let state: Mutex<State>
    private let queue = DispatchQueue(label: "beside")

    init(isOpen: Bool = false) { state = Mutex(State(isOpen: isOpen)) }

    /// How often something was to be run here.
    var count: Int { state.withLock(\.count) }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let runs = state.withLock { state in
            state.count += 1
            if !state.isOpen { state.held.append(job) }
            return state.isOpen
        }
        if runs { run(job) }
    }

    func open() {
        let held = state.withLock { state in
            state.isOpen = true
            defer { state.held = [] }
            return state.held
        }
        for job in held { run(job) }
    }

    private func run(_ job: UnownedJob) {
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
