internal import LogRecords

/// How a zone's clock changes every year, as POSIX writes it: `CET-1CEST,M3.5.0,M10.5.0/3`.
///
/// Name and hours west of UTC of standard time, the same of daylight-saving time (an hour ahead when it says nothing), and
/// when the one begins and the other: `Mmonth.week.weekday/time`, `Jday` without 29 February, or `day` with it.
struct ZoneRecurrence: Equatable, Sendable {
    private enum Day: Equatable, Sendable {
        /// The week 5 is the last one.
        case monthly(month: Int, week: Int, weekday: Int)
        case julian(Int)
        case ordinal(Int)
    }

    private struct Change: Equatable, Sendable {
        let day: Day
        /// Seconds after midnight of the clock that ends then.
        let second: Int64
    }

    private let standard: Int64
    private let summer: Int64
    private let begin: Change?
    private let end: Change?

    /// Nil for text that is no such rule.
    init?(_ text: String) {
        var rest = text[...]
        guard let standard = Self.clock(&rest) else { return nil }
        self.standard = standard
        if rest.isEmpty {
            summer = standard
            begin = nil
            end = nil
            return
        }
        guard Self.skipName(&rest) else { return nil }
        var ahead = standard + 3_600
        if let first = rest.first, first != "," {
            guard let west = Self.time(&rest) else { return nil }
            ahead = -west
        }
        summer = ahead
        let parts = rest.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].isEmpty, let begin = Self.change(parts[1]),
            let end = Self.change(parts[2])
        else { return nil }
        self.begin = begin
        self.end = end
    }

    /// Seconds that the clock is ahead of UTC at `second`, seconds since the epoch.
    func secondsEast(at second: Int64) -> Int64 {
        guard let begin, let end else { return standard }
        let local = second.plusClamped(standard)
        let year = CivilDate(daysSinceEpoch: Int(Timestamp.floorDivide(local, 86_400))).year
        let start = Self.second(of: begin, year: year) - standard
        let stop = Self.second(of: end, year: year) - summer
        // South of the equator summer spans the new year.
        let isSummer =
            start < stop ? (start..<stop).contains(second) : !(stop..<start).contains(second)
        return isSummer ? summer : standard
    }

    /// The local second at which `change` happens in `year`.
    private static func second(of change: Change, year: Int) -> Int64 {
        let newYear = CivilDate(year: year, month: 1, day: 1).daysSinceEpoch
        let isLeap = CivilDate.days(inMonth: 2, year: year) == 29
        let days =
            switch change.day {
            case .ordinal(let day): newYear + day
            case .julian(let day): newYear + day - 1 + (isLeap && day >= 60 ? 1 : 0)
            case .monthly(let month, let week, let weekday):
                Self.day(year, month, week, weekday)
            }
        return Int64(days) * 86_400 + change.second
    }

    private static func day(_ year: Int, _ month: Int, _ week: Int, _ weekday: Int) -> Int {
        let first = CivilDate(year: year, month: month, day: 1).daysSinceEpoch
        // 1 January 1970 was a Thursday.
        let firstWeekday = ((first + 4) % 7 + 7) % 7
        var day = first + (weekday - firstWeekday + 7) % 7 + (week - 1) * 7
        let length = CivilDate.days(inMonth: month, year: year)
        while day >= first + length { day -= 7 }
        return day
    }

    /// Name and distance of a clock, as seconds east.
    private static func clock(_ rest: inout Substring) -> Int64? {
        guard skipName(&rest), let west = time(&rest) else { return nil }
        return -west
    }

    private static func skipName(_ rest: inout Substring) -> Bool {
        if rest.first == "<" {
            guard let close = rest.firstIndex(of: ">") else { return false }
            rest = rest[rest.index(after: close)...]
            return true
        }
        let name = rest.prefix { $0.isLetter }
        rest = rest.dropFirst(name.count)
        return name.count >= 3
    }

    /// `[+-]h[h[h]][:mm[:ss]]` in seconds.
    private static func time(_ rest: inout Substring) -> Int64? {
        let isNegative = rest.first == "-"
        if isNegative || rest.first == "+" { rest = rest.dropFirst() }
        let text = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ":") }
        rest = rest.dropFirst(text.count)
        var seconds: Int64 = 0
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...3).contains(parts.count) else { return nil }
        for (index, part) in parts.enumerated() {
            guard part.count <= 3, let number = Int64(part) else { return nil }
            seconds += number * [3_600, 60, 1][index]
        }
        return isNegative ? -seconds : seconds
    }

    private static func change(_ text: Substring) -> Change? {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        var second: Int64 = 7_200
        if parts.count == 2 {
            var rest = parts[1]
            guard let time = time(&rest), rest.isEmpty else { return nil }
            second = time
        }
        let word = parts[0]
        if word.hasPrefix("M") {
            let numbers = word.dropFirst().split(separator: ".").map { Int($0) ?? -1 }
            guard numbers.count == 3, (1...12).contains(numbers[0]), (1...5).contains(numbers[1]),
                (0...6).contains(numbers[2])
            else { return nil }
            return Change(
                day: .monthly(month: numbers[0], week: numbers[1], weekday: numbers[2]),
                second: second)
        }
        if word.hasPrefix("J") {
            guard let day = Int(word.dropFirst()), (1...365).contains(day) else { return nil }
            return Change(day: .julian(day), second: second)
        }
        guard let day = Int(word), (0...365).contains(day) else { return nil }
        return Change(day: .ordinal(day), second: second)
    }
}
