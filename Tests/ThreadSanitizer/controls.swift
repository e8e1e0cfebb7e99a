// Programs that show what the thread sanitizer sees: `guarded` counts under a contended Mutex and
// `resumed` reads what was written before a continuation was resumed, and must be reported as
// nothing; `racing` counts without a Mutex and must be reported.
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

/// A continuation that is resumed before anybody waits for it, again and again.
func resume() async {
    for round in 0..<100 {
        let box: Racing = await withUnsafeContinuation { continuation in
            Thread {
                let box = Racing()
                box.add(round)
                continuation.resume(returning: box)
            }.start()
            // Nothing that the sanitizer knows orders the two.
            usleep(2000)
        }
        box.add(1)
    }
}

func count(_ add: @escaping @Sendable (Int) -> Void) {
    let finished = DispatchSemaphore(value: 0)
    let threads = (0..<4).map { _ in
        Thread {
            (0..<20_000).forEach(add)
            finished.signal()
        }
    }
    for thread in threads { thread.start() }
    for _ in threads { finished.wait() }
}

switch CommandLine.arguments.last {
case "guarded":
    let guarded = Guarded()
    count { guarded.add($0) }
case "resumed": await resume()
case _:
    let racing = Racing()
    count { racing.add($0) }
}
