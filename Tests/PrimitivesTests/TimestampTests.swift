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
        (-62_167_219_200, "0000-01-01T00:00:00+00:00"),
        (-30_610_224_000, "1000-01-01T00:00:00+00:00"),
        (-30_610_224_001, "0999-12-31T23:59:59+00:00"),
    ])
    func `moments are printed in UTC, leap years and all`(_ seconds: Int64, _ text: String) {
        #expect(Timestamp(microseconds: seconds * 1_000_000).iso8601 == text)
    }

    @Test(arguments: [
        ("1970-01-01T00:00:00Z", Int64(0)), ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
        ("1970-01-01T05:30:00+05:30", 0), ("1969-12-31T23:00:00-01:00", 0),
        ("1970-01-01T00:00:01.5Z", 1_500_000), ("1970-01-01t00:00:00.000001z", 1),
        ("9999-12-31T23:59:59+00:00", 253_402_300_799_000_000),
    ])
    func `a moment in ISO 8601 is read`(_ text: String, _ microseconds: Int64) {
        #expect(Timestamp(iso8601: text) == Timestamp(microseconds: microseconds))
    }

    @Test(arguments: [
        "", "2027-12-31", "2027-12-31T23:59:59", "2027-12-31T23:59:59Zgarbage",
        "2027-02-29T00:00:00Z", "2027-13-01T00:00:00Z", "2027-00-10T00:00:00Z",
        "2027-01-01T24:00:00Z", "2027-01-01T00:60:00Z", "2027-01-01T00:00:60Z",
        "2027-01-01T00:00:00+24:00", "2027-01-01T00:00:00+0100", " 2027-01-01T00:00:00Z",
        "2027-01-01T00:00:00.Z", "2027-01-01T00:00:00.0000001Z", "٢٠٢٧-01-01T00:00:00Z",
        "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
    ])
    func `anything else is no moment`(_ text: String) {
        #expect(Timestamp(iso8601: text) == nil)
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

    @Test(arguments: [
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (951_827_696, "Tue, 29 Feb 2000 12:34:56 GMT"),
    ])
    func `a moment is told as HTTP tells it`(second: Int64, text: String) {
        #expect(Timestamp(microseconds: second * 1_000_000).httpDate == text)
    }
}
