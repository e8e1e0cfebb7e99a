extension Timestamp {
    /// The moment in UTC as ISO 8601 with an explicit offset: `2026-02-22T10:00:00+00:00`.
    package var iso8601: String {
        let seconds = microseconds.flooredQuotient(by: 1_000_000)
        let inDay = seconds - day * 86_400
        let (year, month, dayOfMonth) = Timestamp.civil(daysSince1970: day)
        let date =
            "\(Timestamp.padded(year, to: 4))-\(Timestamp.padded(month))-\(Timestamp.padded(dayOfMonth))"
        let clock = [inDay / 3600, inDay / 60 % 60, inDay % 60].map { Timestamp.padded($0) }
        return "\(date)T\(clock.joined(separator: ":"))+00:00"
    }

    /// Reads a moment such as `2027-12-31T23:59:59Z`, with up to six places of a second and with `Z`
    /// or an offset; `nil` for anything else, such as the 30th of February, or a moment that has no
    /// year of four digits in UTC.
    package init?(iso8601 text: String) {
        let pattern = /(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d{1,6})?(Z|z|[+-]\d\d:\d\d)/
            .asciiOnlyDigits()
        guard let match = text.wholeMatch(of: pattern)?.output,
            let year = Int64(match.1), let month = Int64(match.2), let dayOfMonth = Int64(match.3),
            let hour = Int64(match.4), let minute = Int64(match.5), let second = Int64(match.6),
            let day = Timestamp.day(year: year, month: month, day: dayOfMonth),
            hour < 24, minute < 60, second < 60, let offset = Timestamp.offset(match.8)
        else { return nil }
        let places = match.7.map { $0.dropFirst() } ?? ""
        let fraction = Int64(places + String(repeating: "0", count: 6 - places.count)) ?? 0
        let seconds = day * 86_400 + hour * 3600 + minute * 60 + second - offset
        self.init(microseconds: seconds * 1_000_000 + fraction)
        guard (0...9999).contains(Timestamp.civil(daysSince1970: self.day).year) else { return nil }
    }

    /// Seconds east of UTC: `Z`, `+05:30`.
    private static func offset(_ text: Substring) -> Int64? {
        guard text.count == 6 else { return 0 }
        guard let hours = Int64(text.dropFirst().prefix(2)), let minutes = Int64(text.suffix(2)),
            hours < 24, minutes < 60
        else { return nil }
        return (text.first == "-" ? -1 : 1) * (hours * 3600 + minutes * 60)
    }

    static func padded(_ number: Int64, to width: Int = 2) -> String {
        let digits = "\(number)"
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
