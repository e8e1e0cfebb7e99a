/// A moment, in microseconds since 1970-01-01T00:00:00Z.
package struct Timestamp: Hashable, Comparable, Sendable, Codable {
    package let microseconds: Int64

    package init(microseconds: Int64) { self.microseconds = microseconds }

    /// Later than everything that happens.
    package static let distantFuture = Timestamp(microseconds: .max)

    package static func < (lhs: Timestamp, rhs: Timestamp) -> Bool {
        lhs.microseconds < rhs.microseconds
    }

    package func advanced(by duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        return Timestamp(
            microseconds: microseconds + seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        )
    }

    package init(from decoder: any Decoder) throws {
        microseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(microseconds)
    }
}

/// Where the wall-clock time comes from; only the CLI makes the real one.
package struct TimeSource: Sendable {
    package let now: @Sendable () -> Timestamp
    package init(now: @escaping @Sendable () -> Timestamp) { self.now = now }
}

/// Where randomness comes from; only the CLI makes the real one.
package struct RandomSource: Sendable {
    /// The given number of unpredictable bytes.
    package let bytes: @Sendable (Int) -> [UInt8]
    package init(bytes: @escaping @Sendable (Int) -> [UInt8]) { self.bytes = bytes }
}
