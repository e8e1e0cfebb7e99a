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
        withUnsafeTemporaryAllocation(byteCount: count, alignment: 1) { buffer in
            // It is asked for as many as it gives at once.
            for start in stride(from: 0, to: count, by: 256) {
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[start...].prefix(256))
                guard getentropy(rest.baseAddress, rest.count) == 0 else {
                    preconditionFailure("the system gives no random bytes")
                }
            }
            return Array(buffer)
        }
    }

    static let identifiers = IdentifierSource(time: time, random: random)
    static let clock = EventLoopClock()
    static var environment: [String: String] { ProcessInfo.processInfo.environment }
}
