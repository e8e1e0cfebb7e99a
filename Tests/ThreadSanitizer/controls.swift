// Two programs that show what the thread sanitizer sees: `guarded` counts under a contended Mutex
// and must be reported as nothing; `racing` counts without one and must be reported.
import Foundation
import Synchronization

final class Guarded: Sendable {
    let counts = Mutex<[Int: Int]>([:])
    func add(_ index: Int) { counts.withLock { $0[index % 10, default: 0] += 1 } }
}

final class Racing: @unchecked Sendable {
    var count = 0
    func add(_ index: Int) { count += index }
}

let guarded = Guarded()
let racing = Racing()
let add = CommandLine.arguments.contains("guarded") ? guarded.add : racing.add
let threads = (0..<4).map { _ in
    Thread {
        (0..<20_000).forEach(add)
        finished.signal()
    }
}
let finished = DispatchSemaphore(value: 0)
for thread in threads { thread.start() }
for _ in threads { finished.wait() }
