import Allocations
import Benchmark
import BenchmarkSubjects
import Foundation

/// Calls of malloc and its kin during one turn, by the functions that stand before them here.
let allocations = BenchmarkMetric.custom("allocations", polarity: .prefersSmaller)
/// Millions of bytes that were read a second.
let megabytes = BenchmarkMetric.custom("megabytes a second", polarity: .prefersLarger)
/// Nanoseconds of the processor, of every thread, for one event, request, row or pair.
let processor = BenchmarkMetric.custom("ns of CPU each", polarity: .prefersSmaller)
/// Events, requests, rows or pairs a second.
let rate = BenchmarkMetric.custom("a second", polarity: .prefersLarger)

/// What is measured: for the thresholds, only what repeats.
func metrics(bytes: Int = 0) -> [BenchmarkMetric] {
    guard getenv("MICRO_THRESHOLDS") == nil else { return [allocations] }
    return [allocations, processor, rate] + (bytes > 0 ? [megabytes] : [])
}

/// What the allocations of one thread may differ by from the thresholds: by nothing that matters.
var strict: [BenchmarkMetric: BenchmarkThresholds] {
    [allocations: BenchmarkThresholds(relative: [.p90: 1], absolute: [.p90: 2])]
}

/// And those of many threads, whose turns fall into batches as they happen to.
var loose: [BenchmarkMetric: BenchmarkThresholds] {
    [allocations: BenchmarkThresholds(relative: [.p90: 10])]
}

/// Nanoseconds of a clock.
func nanoseconds(_ clock: clockid_t) -> Int {
    var now = timespec()
    clock_gettime(clock, &now)
    return now.tv_sec * 1_000_000_000 + now.tv_nsec
}

/// Where a turn began.
struct Turn {
    private let asked = allocation_count()
    private let spent = nanoseconds(CLOCK_PROCESS_CPUTIME_ID)
    private let start = nanoseconds(CLOCK_MONOTONIC)

    /// Counts what one turn took.
    func end(_ benchmark: Benchmark, bytes: Int, count: Int, each: Int = 1) {
        let took = max(1, nanoseconds(CLOCK_MONOTONIC) - start)
        benchmark.measurement(processor, (nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - spent) / count)
        benchmark.measurement(allocations, (allocation_count() - asked) / each)
        benchmark.measurement(rate, count * 1_000_000_000 / took)
        if bytes > 0 { benchmark.measurement(megabytes, bytes * 1000 / took) }
    }
}

/// A name as the library writes it in the name of a threshold's file.
///
/// It looks for the file by the name as it is, and one that it does not find it compares with
/// nothing: a name with a space has no threshold.
func shellSafe(_ name: String) -> String { name.replacingOccurrences(of: " ", with: "_") }

let benchmarks: @Sendable () -> Void = {
    registerSubjects()
    registerBooks()
}

/// What needs no store; allocations are of a whole turn.
func registerSubjects() {
    guard let subjects = try? Subject.all() else { fatalError("the samples are not right") }
    for subject in subjects {
        let configuration = Benchmark.Configuration(
            metrics: metrics(bytes: subject.bytes),
            warmupIterations: 20,
            maxDuration: .seconds(2),
            maxIterations: 2000,
            thresholds: strict,
        )
        Benchmark(shellSafe(subject.name), configuration: configuration) { benchmark in
            let turn = Turn()
            try subject.turn()
            turn.end(benchmark, bytes: subject.bytes, count: subject.count)
        }
    }
}

/// Books of a thousand customers; allocations are of one pair or row.
func registerBooks() {
    let configuration = Benchmark.Configuration(
        metrics: metrics(),
        warmupIterations: 0,
        maxDuration: .seconds(3),
        maxIterations: 5,
        thresholds: loose,
    )
    for (name, open) in stores {
        for work in Books.Work.allCases {
            for atOnce in [1, 10, 100, 1000] {
                // Of each that come at once at least one.
                let count = name == "memory" || atOnce < 100 ? max(500, atOnce) : 5000
                let title = shellSafe("\(name), \(work), \(atOnce) at once")
                Benchmark(title, configuration: configuration) { benchmark in
                    let books = try await open()
                    try await books.addCustomers(1000)
                    try await books.pairs(count, atOnce: atOnce, work)
                    let turn = Turn()
                    try await books.pairs(count, atOnce: atOnce, work)
                    turn.end(benchmark, bytes: 0, count: count, each: count)
                    try await books.close()
                }
            }
        }
        Benchmark(shellSafe("\(name), key look-up"), configuration: configuration) { benchmark in
            let books = try await open()
            try await books.addCustomers(1000)
            let turn = Turn()
            try await books.authenticate(2000)
            turn.end(benchmark, bytes: 0, count: 2000, each: 2000)
            try await books.close()
        }
        Benchmark(shellSafe("\(name), receipt read"), configuration: configuration) { benchmark in
            let books = try await open()
            try await books.addCustomers(1000)
            try await books.pairs(1000, atOnce: 100, .stages)
            let turn = Turn()
            try await books.readReceipts(2000)
            turn.end(benchmark, bytes: 0, count: 2000, each: 2000)
            try await books.close()
        }
    }
}

let stores: [(String, @Sendable () async throws -> Books)] = [
    ("memory", { try await Books.memory() }),
    (
        "SQLite",
        {
            let folder = FileManager.default.temporaryDirectory
                .appendingPathComponent("farebox-micro-\(getpid())")
            try? FileManager.default.removeItem(at: folder)
            return try await Books.sqlite(folder.appendingPathComponent("farebox.db").path)
        },
    ),
]
