package import Primitives
import Synchronization

/// Randomness that is the same each time for the same seed; never for real secrets.
package struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// A source of seeded randomness that many may draw from.
package final class SeededRandom: Sendable {
    private let generator: Mutex<SplitMix64>

    package init(seed: UInt64) { generator = Mutex(SplitMix64(seed: seed)) }

    /// The randomness as everybody else sees it.
    package var source: RandomSource {
        RandomSource { count in
            self.generator.withLock { generator in
                (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            }
        }
    }
}

extension IdentifierSource {
    /// Identifiers and secrets that are the same each time for the same seed.
    package static func seeded(
        _ seed: UInt64,
        _ clock: HandClock = HandClock(),
    ) -> IdentifierSource {
        IdentifierSource(time: clock.source, random: SeededRandom(seed: seed).source)
    }
}
