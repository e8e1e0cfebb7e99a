import Allocations
import BenchmarkSubjects
import Dispatch
import Glibc

/// What to do: `name=value` words.
func option(_ name: String, _ other: Int) -> Int {
    for word in CommandLine.arguments where word.hasPrefix(name + "=") {
        return Int(word.dropFirst(name.count + 1)) ?? other
    }
    return other
}

/// Nanoseconds of CPU time that the process has taken so far.
func spentTime() -> Int {
    var now = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now)
    return now.tv_sec * 1_000_000_000 + now.tv_nsec
}

func measure(_ what: String, _ count: Int, _ body: () async throws -> Void) async throws {
    let (asked, spent, clock) = (allocation_count(), spentTime(), ContinuousClock())
    let (seconds, attoseconds) = try await clock.measure(body).components
    let (allocations, processor) = (allocation_count() - asked, spentTime() - spent)
    let time = Double(seconds) * 1e9 + Double(attoseconds) / 1e9
    print(
        "\(what): \(Int(Double(count) * 1e9 / time)) a second; each \(Int(time) / count) ns,"
            + " \(processor / count) ns of CPU, \(allocations / count) allocations"
    )
}

/// Everything that was asked for, one after the other.
func run() async throws {
    let path = CommandLine.arguments.dropFirst().first { !$0.contains("=") }
    let books = if let path { try await Books.sqlite(path) } else { try await Books.memory() }
    let customers = option("customers", 1000)
    try await measure("customers", customers) { try await books.addCustomers(customers) }
    let filled = option("fill", 0)
    if filled > 0 { try await measure("fill", filled) { try await books.fill(pairs: filled) } }
    for atOnce in [option("atonce", 0)].filter({ $0 > 0 })
        + (option("atonce", 0) > 0 ? [] : [1, 10, 100, 1000])
    {
        for kind in Books.Work.allCases
        where option("only-\(kind == .ledger ? "stages" : "ledger")", 0) == 0 {
            let count = option("pairs", 100_000) / (atOnce < 100 ? 20 : 1)
            try await books.pairs(count / 10, atOnce: atOnce, kind)
            try await measure("\(kind) pairs, \(atOnce) at once", count) {
                try await books.pairs(count, atOnce: atOnce, kind)
            }
        }
    }
    let keys = option("keys", 20_000)
    if keys > 0 { try await measure("key", keys) { try await books.authenticate(keys) } }
    if option("audit", 0) > 0 { try await measure("audit", 1) { try await books.audit() } }
    try await books.close()
}

// Waiting here keeps the main thread, so that valgrind can follow.
let isDone = DispatchSemaphore(value: 0)
Task.detached {
    do { try await run() } catch { fatalError("\(error)") }
    isDone.signal()
}
isDone.wait()
