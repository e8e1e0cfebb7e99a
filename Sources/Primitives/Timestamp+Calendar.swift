/// The calendar in UTC: days are counted from 1970-01-01, weeks begin on Monday.
extension Timestamp {
    private static let microsecondsPerDay: Int64 = 86_400_000_000

    /// The first moment of a day.
    package init(startOfDay day: Int64) {
        self.init(microseconds: day * Timestamp.microsecondsPerDay)
    }

    /// Days since 1970-01-01, rounded down.
    package var day: Int64 { microseconds.flooredQuotient(by: Timestamp.microsecondsPerDay) }

    /// The Monday on or before this day.
    package var firstDayOfWeek: Int64 {
        // 1970-01-01 was a Thursday.
        (day + 3).flooredQuotient(by: 7) * 7 - 3
    }

    /// The first of this day's month.
    package var firstDayOfMonth: Int64 {
        day - (Timestamp.civil(daysSince1970: day).day - 1)
    }

    /// The day number of a proleptic Gregorian date, after Howard Hinnant's `days_from_civil`; `nil`
    /// where the calendar has no such day.
    static func day(year: Int64, month: Int64, day: Int64) -> Int64? {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear.flooredQuotient(by: 400)
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        return civil(daysSince1970: days) == (year, month, day) ? days : nil
    }

    /// The proleptic Gregorian date of a day number, after Howard Hinnant's `civil_from_days`.
    static func civil(daysSince1970 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
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
        return (year, month, day)
    }
}

extension Int64 {
    func flooredQuotient(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
