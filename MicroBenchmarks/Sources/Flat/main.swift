import BenchmarkSubjects
import Dispatch
import Glibc

// Whether an inference costs the same however large the books are; Benchmarks/flat.py tells of it.
//   Flat make PATH customers= past=      adds what is missing to books, many to a transaction
//   Flat secrets PATH count=             prints the secrets of customers drawn at random
//   Flat measure PATH... rounds= pairs= atonce= keys=
//       holds and settles in each of the books in turns, and prints a line of JSON for each turn
let words = CommandLine.arguments.dropFirst()
let paths = words.dropFirst().filter { !$0.contains("=") }

/// What is told as `name=value`.
func option(_ name: String, _ other: Int) -> Int {
    for word in words where word.hasPrefix(name + "=") {
        guard let number = Int(word.dropFirst(name.count + 1)) else { fatalError("no number: \(word)") }
        return number
    }
    return other
}

/// Nanoseconds of a clock.
func nanoseconds(_ clock: clockid_t) -> Int {
    var now = timespec()
    clock_gettime(clock, &now)
    return now.tv_sec * 1_000_000_000 + now.tv_nsec
}

/// What one of `count` takes: nanoseconds of the processor, over all threads, and of the clock.
func measure(_ count: Int, _ body: () async throws -> Void) async throws -> (cpu: Int, time: Int) {
    let (spent, start) = (nanoseconds(CLOCK_PROCESS_CPUTIME_ID), nanoseconds(CLOCK_MONOTONIC))
    try await body()
    let cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - spent
    return (cpu / count, (nanoseconds(CLOCK_MONOTONIC) - start) / count)
}

func make(_ path: String) async throws {
    let books = try await Books.sqlite(path)
    let customers = option("customers", 0) - books.customerCount
    let (past, start) = (option("past", 0), nanoseconds(CLOCK_MONOTONIC))
    if customers > 0 { try await books.addCustomers(customers) }
    let then = nanoseconds(CLOCK_MONOTONIC)
    if past > 0 { try await books.fill(pairs: past) }
    let took = [then - start, nanoseconds(CLOCK_MONOTONIC) - then].map { $0 / 1_000_000 }
    print(#"{"customers_ms":\#(took[0]),"past_ms":\#(took[1])}"#)
    try await books.close()
}

/// One turn of one of the books.
func turn(_ books: Books, _ path: String, counts: Bool) async throws {
    let (pairs, keys, atOnce) = (option("pairs", 5000), option("keys", 5000), option("atonce", 64))
    books.invite(pairs)
    let pair = try await measure(pairs) { try await books.pairs(pairs, atOnce: atOnce, .stages) }
    books.invite(keys)
    let key = try await measure(keys) { try await books.authenticate(keys) }
    guard counts else { return }
    print(
        #"{"path":"\#(path)","pair_cpu_ns":\#(pair.cpu),"pair_ns":\#(pair.time),"#
            + #""key_cpu_ns":\#(key.cpu),"key_ns":\#(key.time)}"#
    )
    fflush(nil)
}

func run() async throws {
    switch words.first {
    case "make": for path in paths { try await make(path) }
    case "secrets":
        for path in paths {
            let books = try await Books.sqlite(path)
            for secret in books.secrets(option("count", 1000)) { print(secret) }
            try await books.close()
        }
    case "measure":
        var open: [(path: String, books: Books)] = []
        for path in paths { open.append((path, try await Books.sqlite(path))) }
        // The first turns fill the caches.
        for round in 0...option("rounds", 5) {
            for (path, books) in open { try await turn(books, path, counts: round > 0) }
        }
        for (_, books) in open { try await books.close() }
    case _: fatalError("make, secrets or measure")
    }
}

// Waiting here keeps the main thread, so that valgrind can follow.
let isDone = DispatchSemaphore(value: 0)
Task.detached {
    do { try await run() } catch { fatalError("\(error)") }
    isDone.signal()
}
isDone.wait()
