extension Timestamp {
    /// The moment in UTC as ISO 8601 with an explicit offset: `2026-02-22T10:00:00+00:00`.
    package var iso8601: String {
        let seconds = microseconds.flooredQuotient(by: 1_000_000)
        let day = seconds.flooredQuotient(by: 86_400)
        let inDay = seconds - day * 86_400
        let date = Timestamp.civil(daysSince1970: day)
        let clock = [inDay / 3600, inDay / 60 % 60, inDay % 60].map(Timestamp.padded)
        return "\(date)T\(clock.joined(separator: ":"))+00:00"
    }

    /// The proleptic Gregorian date of a day number, after Howard Hinnant's `civil_from_days`.
    private static func civil(daysSince1970 days: Int64) -> String {
        let shifted = days + 719_468
        let era = shifted.flooredQuotient(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return "\(year)-\(padded(month))-\(padded(day))"
    }

    private static func padded(_ number: Int64) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}

extension Int64 {
    fileprivate func flooredQuotient(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
