/// Makes new identifiers and secrets out of injected time and randomness.
package struct IdentifierSource: Sendable {
    private let time: TimeSource
    private let random: RandomSource

    package init(time: TimeSource, random: RandomSource) {
        self.time = time
        self.random = random
    }

    /// A new identifier: `prefix`, the time in milliseconds and 80 random bits, in hexadecimal.
    ///
    /// Identifiers sort by the time they were made, so tables keyed by them grow at their end.
    package func next<Subject>(_ prefix: String) -> Identifier<Subject> {
        let milliseconds = UInt64(max(0, time.now().microseconds / 1000))
        let stamp = (0..<6).map { UInt8(truncatingIfNeeded: milliseconds >> (40 - 8 * $0)) }
        return Identifier(
            "\(prefix)_\(Hexadecimal.text(stamp))\(Hexadecimal.text(random.bytes(10)))"
        )
    }

    /// `count` random bytes in hexadecimal.
    package func secret(bytes count: Int) -> String { Hexadecimal.text(random.bytes(count)) }
}
