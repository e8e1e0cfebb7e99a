import Foundation
import Primitives

/// The real time, randomness and environment: the one place that reads them.
enum SystemSources {
    static let time = TimeSource {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Timestamp(microseconds: Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000)
    }

    /// The operating system's own generator.
    static let random = RandomSource { count in
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }

    static let identifiers = IdentifierSource(time: time, random: random)
    static let clock = ContinuousClock()
    static var environment: [String: String] { ProcessInfo.processInfo.environment }
}
