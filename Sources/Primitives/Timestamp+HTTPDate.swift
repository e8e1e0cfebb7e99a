extension Timestamp {
    /// The moment as HTTP writes it (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
    package var httpDate: String {
        let inDay = microseconds.flooredQuotient(by: 1_000_000) - day * 86_400
        let (year, month, dayOfMonth) = Timestamp.civil(daysSince1970: day)
        let weekday = Timestamp.weekdays[Int(day - firstDayOfWeek)]
        let name = Timestamp.months[Int(month - 1)]
        let clock = [inDay / 3600, inDay / 60 % 60, inDay % 60].map { Timestamp.padded($0) }
        return "\(weekday), \(Timestamp.padded(dayOfMonth)) \(name) \(year) "
            + "\(clock.joined(separator: ":")) GMT"
    }

    private static let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
