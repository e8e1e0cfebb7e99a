import Allocations
import Benchmark
import BenchmarkSubjects

/// Calls of malloc, by the functions that stand before it in this program.
let allocations = BenchmarkMetric.custom("allocations", polarity: .prefersSmaller)

let benchmarks: @Sendable () -> Void = {
    guard let subjects = try? Subject.all() else { preconditionFailure("the samples are right") }
    for subject in subjects {
        Benchmark(subject.name, configuration: .init(metrics: [.wallClock, .throughput, allocations])) { benchmark in
            let before = allocation_count()
            try subject.turn()
            benchmark.measurement(allocations, allocation_count() - before)
        }
    }
}
