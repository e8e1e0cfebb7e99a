import Glibc
import Identity
import Simulation

/// Whether the time that a comparison takes tells where two digests differ.
///
/// After "Dude, is my code constant time?" (Reparaz, Balasch, Verbauwhede 2017): digests that
/// differ in their first byte and digests that differ in their last are compared in random order,
/// and Welch's t-test says whether the two times are of one kind. `==` of two arrays is measured
/// too: a test that does not see that one leaks would see nothing.
struct TimingRun {
    /// Below it two million comparisons say nothing; the paper's own bound.
    private static let bound = 4.5
    private let options: Options

    init(_ options: Options) { self.options = options }

    func run() {
        var dice = Dice(seed: options.seed)
        let secret = (0..<32).map { _ in UInt8(truncatingIfNeeded: dice.next()) }
        let early = secret.enumerated().map { $0 == 0 ? $1 ^ 1 : $1 }
        let late = secret.enumerated().map { $0 == 31 ? $1 ^ 1 : $1 }
        let ours = difference(
            SecretDigest(stored: secret),
            [SecretDigest(stored: early), SecretDigest(stored: late)],
            &dice,
        ) { $0 == $1 }
        let arrays = difference(secret, [early, late], &dice) { $0 == $1 }
        print("timing: \(options.samples) samples, |t| of digests \(ours), of arrays \(arrays)")
        guard abs(ours) < Self.bound else { fail("the time of comparing digests depends on them") }
        guard abs(arrays) > Self.bound else { fail("this run is too short or noisy to see a leak") }
    }

    private func fail(_ problem: String) -> Never {
        print("FAILED: \(problem) (bound \(Self.bound))")
        exit(1)
    }

    /// Student's t of the two times, over the fastest nine tenths of the samples.
    private func difference<Value>(
        _ secret: Value,
        _ others: [Value],
        _ dice: inout Dice,
        isSame: (Value, Value) -> Bool,
    ) -> Double {
        var samples: [(kind: Int, time: Double)] = []
        samples.reserveCapacity(options.samples)
        var matches = 0
        for _ in 0..<options.samples {
            let kind = Int(dice.next() & 1)
            let start = nanoseconds()
            for _ in 0..<8 where isSame(secret, others[kind]) { matches += 1 }
            samples.append((kind, Double(nanoseconds() - start)))
        }
        precondition(matches == 0)
        let cut = samples.map(\.time).sorted()[samples.count * 9 / 10]
        let kept = samples.filter { $0.time <= cut }
        let (first, second) = (Sample(kept, kind: 0), Sample(kept, kind: 1))
        return (first.mean - second.mean) / (first.error + second.error).squareRoot()
    }

    private func nanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC_RAW, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// The mean of one kind of times, and the square of its standard error.
private struct Sample {
    let mean: Double
    let error: Double

    init(_ samples: [(kind: Int, time: Double)], kind: Int) {
        let times = samples.filter { $0.kind == kind }.map(\.time)
        let count = Double(times.count)
        let mean = times.reduce(0, +) / count
        let squares = times.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        self.mean = mean
        error = squares / (count - 1) / count
    }
}
