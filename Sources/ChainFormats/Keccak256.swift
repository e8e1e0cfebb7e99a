/// Keccak-256 as Ethereum uses it: the sponge of FIPS 202 with the padding from before the standard.
///
/// SHA3-256 differs in one byte of padding alone, and no library here offers this one.
package enum Keccak256 {
    /// How many bytes the sponge takes between two permutations.
    private static let rate = 136

    /// - Returns: 32 bytes.
    package static func digest(of bytes: some Collection<UInt8>) -> [UInt8] {
        var state = State(repeating: 0)
        var filled = 0
        for byte in bytes {
            absorb(byte, at: filled, into: &state)
            filled += 1
            if filled == rate {
                permute(&state)
                filled = 0
            }
        }
        absorb(0x01, at: filled, into: &state)
        absorb(0x80, at: rate - 1, into: &state)
        permute(&state)
        return (0..<32).map { UInt8(truncatingIfNeeded: state[$0 / 8] >> UInt64($0 % 8 * 8)) }
    }

    private typealias State = InlineArray<25, UInt64>

    private static func absorb(_ byte: UInt8, at place: Int, into state: inout State) {
        state[place / 8] ^= UInt64(byte) << UInt64(place % 8 * 8)
    }

    /// Keccak-f[1600], FIPS 202 section 3.3.
    private static func permute(_ state: inout State) {
        for constant in roundConstants {
            mixColumns(&state)
            turnAndMoveLanes(&state)
            mixRows(&state)
            state[0] ^= constant
        }
    }

    /// θ: each lane takes the parity of two columns beside it.
    private static func mixColumns(_ state: inout State) {
        var parity = InlineArray<5, UInt64>(repeating: 0)
        for lane in 0..<25 { parity[lane % 5] ^= state[lane] }
        for lane in 0..<25 {
            state[lane] ^= parity[(lane + 4) % 5] ^ turned(parity[(lane + 1) % 5], by: 1)
        }
    }

    /// ρ and π: each lane is turned and takes another one's place.
    private static func turnAndMoveLanes(_ state: inout State) {
        var (x, y) = (1, 0)
        var carried = state[1]
        for step in 0..<24 {
            (x, y) = (y, (2 * x + 3 * y) % 5)
            let place = x + 5 * y
            let next = state[place]
            state[place] = turned(carried, by: (step + 1) * (step + 2) / 2 % 64)
            carried = next
        }
    }

    /// χ: the one step that is not linear.
    private static func mixRows(_ state: inout State) {
        for row in stride(from: 0, to: 25, by: 5) {
            let old = (
                state[row], state[row + 1], state[row + 2], state[row + 3], state[row + 4],
            )
            state[row] = old.0 ^ (~old.1 & old.2)
            state[row + 1] = old.1 ^ (~old.2 & old.3)
            state[row + 2] = old.2 ^ (~old.3 & old.4)
            state[row + 3] = old.3 ^ (~old.4 & old.0)
            state[row + 4] = old.4 ^ (~old.0 & old.1)
        }
    }

    private static func turned(_ lane: UInt64, by count: Int) -> UInt64 {
        count == 0 ? lane : lane << UInt64(count) | lane >> UInt64(64 - count)
    }

    /// ι, of each of the 24 rounds: the bits of a shift register, FIPS 202 algorithm 5.
    private static let roundConstants: [UInt64] = {
        var register: UInt8 = 1
        func nextBit() -> UInt64 {
            defer { register = register << 1 ^ (register & 0x80 == 0 ? 0 : 0x71) }
            return UInt64(register & 1)
        }
        return (0..<24).map { _ in
            (0..<7).reduce(into: UInt64(0)) { constant, power in
                constant |= nextBit() << UInt64((1 << power) - 1)
            }
        }
    }()
}
