internal import LogBytes
internal import LogRecords

/// Times of day or days of the week: `_time:day_range[08:00, 18:00)`, `_time:week_range[Mon, Fri]`.
public struct TimeSchedule: Sendable, Equatable {
    private enum Span: Sendable, Equatable {
        /// Nanoseconds since midnight, both inclusive.
        case day(ClosedRange<Int64>)
        /// Days since Sunday, both inclusive.
        case week(ClosedRange<Int64>)
    }

    private let span: Span
    /// Nanoseconds that the zone is east of UTC.
    private let offset: Int64

    /// Whether `time` lies in it.
    public func contains(_ time: Int64) -> Bool {
        let local = time.addingClamped(offset)
        let day = Timestamp.floorDivide(local, Timestamp.day)
        switch span {
        case .day(let range):
            let (start, overflow) = day.multipliedReportingOverflow(by: Timestamp.day)
            return !overflow && range.contains(local - start)
        case .week(let days):
            // 1 January 1970 was a Thursday.
            let weekday = day + 4 - Timestamp.floorDivide(day + 4, 7) * 7
            return days.contains(weekday)
        }
    }

    private static let days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
    private static let dayNames = [
        "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
    ]

    private static func weekday(_ text: String) -> Int64? {
        let text = text.lowercased()
        return (days.firstIndex(of: text) ?? dayNames.firstIndex(of: text)).map(Int64.init)
    }

    /// The nanoseconds since midnight at `hh:mm`, up to 24:00.
    private static func timeOfDay(_ text: String) -> Int64? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let hour = Int64(parts[0]), let minute = Int64(parts[1]),
            (0...24).contains(hour), (0...59).contains(minute), hour < 24 || minute == 0
        else { return nil }
        return (hour * 60 + minute) * 60 * Timestamp.second
    }

    /// Reads the schedule from its name.
    static func parse(_ parser: inout QueryParser) throws(QueryError) -> TimeFilter {
        let isDay = parser.isNext("day_range")
        let name = isDay ? "day_range" : "week_range"
        parser.advance()
        let place = parser.token.offset
        guard parser.isNext("(", "[") else {
            throw parser.fault("expected '[' or '(' after \(name), found \(parser.found)")
        }
        let includesStart = parser.token.text == "["
        parser.advance()
        let first = try parser.scheduleEnd(isDay)
        try parser.expect(",", "between the ends of \(name)")
        let last = try parser.scheduleEnd(isDay)
        let includesEnd = parser.isNext("]")
        guard parser.accept(")", "]") else {
            throw parser.fault("expected ')' or ']' at the end of \(name), found \(parser.found)")
        }
        let lower = first.value + (includesStart ? 0 : 1)
        let upper = last.value - (includesEnd ? 0 : 1)
        guard lower <= upper else {
            throw parser.fault(
                "\(name) ends before it begins and matches nothing; join two with or", at: place)
        }
        var syntax =
            name + (includesStart ? "[" : "(") + "\(first.text), \(last.text)"
            + (includesEnd ? "]" : ")")
        var offset: Int64 = 0
        if parser.accept("offset") {
            let place = parser.token.offset
            let text = try parser.operand()
            guard let duration = text.withView({ DurationText.nanoseconds($0) }) else {
                throw parser.fault("'\(text)' is no duration; there are 2h 5h30m", at: place)
            }
            offset = Int64(clamping: duration)
            syntax += " offset " + Quoting.operand(text)
        }
        let span: Span = isDay ? .day(lower...upper) : .week(lower...upper)
        return TimeFilter(
            range: .all, syntax: syntax, schedule: TimeSchedule(span: span, offset: offset))
    }

    /// The number that an end of a schedule stands for, or nil.
    fileprivate static func end(_ text: String, _ isDay: Bool) -> Int64? {
        isDay ? timeOfDay(text) : weekday(text)
    }
}

extension QueryParser {
    fileprivate mutating func scheduleEnd(
        _ isDay: Bool
    ) throws(QueryError) -> (value: Int64, text: String) {
        let place = token.offset
        let text = try operand()
        guard let value = TimeSchedule.end(text, isDay) else {
            throw fault(
                isDay
                    ? "'\(text)' is no time of day; there are 08:00 to 24:00"
                    : "'\(text)' is no day; there are Mon, Tuesday, …", at: place)
        }
        return (value, text)
    }
}
