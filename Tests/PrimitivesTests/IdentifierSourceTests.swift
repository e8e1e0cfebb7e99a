import Primitives
import Testing

struct IdentifierSourceTests {
    private static func source(at milliseconds: Int64, byte: UInt8 = 0xab) -> IdentifierSource {
        IdentifierSource(
            time: TimeSource { Timestamp(microseconds: milliseconds * 1000) },
            random: RandomSource { [UInt8](repeating: byte, count: $0) },
        )
    }

    private static func next(at milliseconds: Int64, byte: UInt8 = 0xab) -> String {
        let id: InferenceID = source(at: milliseconds, byte: byte).next("inf")
        return id.description
    }

    @Test func `an identifier is its prefix, the milliseconds and 80 random bits`() {
        #expect(
            IdentifierSourceTests.next(at: 0x0123_4567_89ab)
                == "inf_0123456789ab\(String(repeating: "ab", count: 10))"
        )
    }

    @Test func `identifiers sort by the time they were made`() {
        let times: [Int64] = [0, 1, 255, 256, 65_535, 65_536, 1_772_323_200_000, 0xffff_ffff_ffff]
        // The later one always draws the smaller bits, so only the time can put them in order.
        let ids = times.enumerated().map { index, time in
            IdentifierSourceTests.next(at: time, byte: UInt8(255 - index))
        }
        #expect(ids == ids.sorted())
    }

    @Test func `a moment before 1970 does not stop the process`() {
        #expect(IdentifierSourceTests.next(at: -5).hasPrefix("inf_000000000000"))
    }

    @Test func `a secret has the asked number of bytes`() {
        #expect(IdentifierSourceTests.source(at: 0).secret(bytes: 3) == "ababab")
    }
}
