extension Timestamp {
    /// The moment in UTC as ISO 8601 with an explicit offset: `2026-02-22T10:00:00+00:00`.
    package var iso8601: String {
        let seconds = microseconds.flooredQuotient(by: 1_000_000)
        let inDay = seconds - day * 86_400
        let (year, month, dayOfMonth) = Timestamp.civil(daysSince1970: day)
        let date = "\(year)-\(Timestamp.padded(month))-\(Timestamp.padded(dayOfMonth))"
        let clock = [inDay / 3600, inDay / 60 % 60, inDay % 60].map(Timestamp.padded)
        return "\(date)T\(clock.joined(separator: ":"))+00:00"
    }

    private static func padded(_ number: Int64) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}
