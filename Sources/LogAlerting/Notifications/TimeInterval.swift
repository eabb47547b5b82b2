internal import LogRecords

/// When something holds, as Alertmanager's `time_intervals` say it: hours, days of the week and of the month, months,
/// years, by the clock of a place. All that is given must hold; of each list one entry.
public struct TimeInterval: Equatable, Sendable {
    /// Minutes since midnight, the last one exclusive; nil for all day.
    let times: [Range<Int>]?
    /// Days since Sunday, both inclusive.
    let weekdays: [ClosedRange<Int>]?
    /// First and last day, negative ones counted from the end of the month.
    let daysOfMonth: [DayRange]?
    /// Months from 1 to 12.
    let months: [ClosedRange<Int>]?
    /// Years.
    let years: [ClosedRange<Int>]?
    /// The clock.
    let zone: ZoneRules

    /// Days of a month: 1 is the first, -1 the last.
    struct DayRange: Equatable, Sendable {
        let first: Int
        let last: Int

        func contains(_ date: CivilDate) -> Bool {
            let length = CivilDate.days(inMonth: date.month, year: date.year)
            let begin = first < 0 ? length + first + 1 : first
            let end = last < 0 ? length + last + 1 : last
            return begin <= date.day && date.day <= end
        }
    }

    /// Whether `time`, nanoseconds since the epoch, lies in it.
    public func contains(_ time: Int64) -> Bool {
        let local = time.plusClamped(zone.secondsEast(at: time) * Timestamp.second)
        let day = Timestamp.floorDivide(local, Timestamp.day)
        if let times {
            let rest = local % Timestamp.day
            let inDay = rest < 0 ? rest + Timestamp.day : rest
            let minute = Int(inDay / (60 * Timestamp.second))
            guard times.contains(where: { $0.contains(minute) }) else { return false }
        }
        if let weekdays {
            // 1 January 1970 was a Thursday.
            let weekday = Int(day + 4 - Timestamp.floorDivide(day + 4, 7) * 7)
            guard weekdays.contains(where: { $0.contains(weekday) }) else { return false }
        }
        if daysOfMonth == nil, months == nil, years == nil { return true }
        let date = CivilDate(daysSinceEpoch: Int(day))
        return daysOfMonth?.contains { $0.contains(date) } ?? true
            && months?.contains { $0.contains(date.month) } ?? true
            && years?.contains { $0.contains(date.year) } ?? true
    }
}

/// Time intervals under a name, which routes, maintenance windows and rules refer to.
public struct NamedTimeIntervals: Equatable, Sendable {
    /// The name.
    public let name: String
    /// The intervals; it holds when one of them does.
    public let intervals: [TimeInterval]

    /// Whether `time`, nanoseconds since the epoch, lies in one of the intervals.
    public func contains(_ time: Int64) -> Bool { intervals.contains { $0.contains(time) } }
}
