import Primitives
import Testing

struct TimestampTests {
    @Test(arguments: [
        (Int64(0), "1970-01-01T00:00:00+00:00"),
        (-1, "1969-12-31T23:59:59+00:00"),
        (951_782_400, "2000-02-29T00:00:00+00:00"),
        (951_868_799, "2000-02-29T23:59:59+00:00"),
        (951_868_800, "2000-03-01T00:00:00+00:00"),
        (1_709_164_800, "2024-02-29T00:00:00+00:00"),
        (1_772_323_199, "2026-02-28T23:59:59+00:00"),
        (1_772_323_200, "2026-03-01T00:00:00+00:00"),
        (1_798_761_599, "2026-12-31T23:59:59+00:00"),
        (4_107_542_399, "2100-02-28T23:59:59+00:00"),
        (4_107_542_400, "2100-03-01T00:00:00+00:00"),
        (-2_203_891_200, "1900-03-01T00:00:00+00:00"),
        (253_402_300_799, "9999-12-31T23:59:59+00:00"),
    ])
    func `moments are printed in UTC, leap years and all`(_ seconds: Int64, _ text: String) {
        #expect(Timestamp(microseconds: seconds * 1_000_000).iso8601 == text)
    }

    @Test func `parts of a second are cut off, also before 1970`() {
        #expect(Timestamp(microseconds: 999_999).iso8601 == "1970-01-01T00:00:00+00:00")
        #expect(Timestamp(microseconds: -1).iso8601 == "1969-12-31T23:59:59+00:00")
    }

    @Test(arguments: [
        (Duration.seconds(1), Int64(1_000_000)), (.milliseconds(-1500), -1_500_000),
        (.microseconds(7), 7), (.nanoseconds(999), 0), (.zero, 0),
    ])
    func `a moment is moved by whole microseconds`(_ duration: Duration, _ expected: Int64) {
        #expect(Timestamp(microseconds: 0).advanced(by: duration).microseconds == expected)
    }
}
