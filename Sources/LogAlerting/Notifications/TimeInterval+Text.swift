internal import LogQuery

/// The texts in `time_intervals`: `09:00`, `monday:friday`, `-3:-1`, `january:march`, `2026:2028`.
extension TimeInterval {
    private static let weekdayNames = [
        "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday",
    ]
    private static let monthNames = [
        "january", "february", "march", "april", "may", "june", "july", "august", "september",
        "october", "november", "december",
    ]

    /// Why a text is no part of an interval.
    struct Fault: Error {
        let message: String
    }

    /// Minutes since midnight at `hh:mm`, up to 24:00.
    static func minute(_ text: String) throws(Fault) -> Int {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].count == 2, parts[1].count == 2,
            parts.joined().allSatisfy({ $0.isASCII && $0.isNumber }), let hour = Int(parts[0]),
            let minute = Int(parts[1]), minute < 60, hour < 24 || (hour == 24 && minute == 0)
        else { throw Fault(message: "`\(text)` is no time of day; write `09:00`, at most `24:00`") }
        return hour * 60 + minute
    }

    /// The time of day from `start` to `end`, which belongs to it no more.
    static func times(_ start: String, _ end: String) throws(Fault) -> Range<Int> {
        let first = try minute(start)
        let last = try minute(end)
        guard first < last else {
            throw Fault(
                message: "the time ends at \(end), before it begins at \(start); a night is two "
                    + "entries: `\(start)` to `24:00`, and `00:00` to `\(end)`")
        }
        return first..<last
    }

    /// `monday`, `monday:friday`.
    static func weekdays(_ text: String) throws(Fault) -> ClosedRange<Int> {
        let (first, last) = try ends(text) { word throws(Fault) in
            guard let day = weekdayNames.firstIndex(of: word) else {
                throw unknown(word, "day of the week", weekdayNames)
            }
            return day
        }
        guard first <= last else {
            throw Fault(
                message: "`\(text)` ends before it begins: weeks begin on Sunday; write two entries"
            )
        }
        return first...last
    }

    /// `1`, `1:7`, `-3:-1`.
    static func daysOfMonth(_ text: String) throws(Fault) -> DayRange {
        let (first, last) = try ends(text) { word throws(Fault) in
            guard let day = Int(word), day != 0, abs(day) <= 31 else {
                throw Fault(
                    message: "`\(word)` is no day of a month; there are 1 to 31, and -1 for the "
                        + "last, -2 for the one before it")
            }
            return day
        }
        // In a month of 31 days; a range that only shorter months lack is fine.
        let begin = first < 0 ? 31 + first + 1 : first
        let end = last < 0 ? 31 + last + 1 : last
        guard begin <= end, !(first < 0 && last > 0) else {
            throw Fault(message: "`\(text)` ends before it begins")
        }
        return DayRange(first: first, last: last)
    }

    /// `1:3`, `january:march`.
    static func months(_ text: String) throws(Fault) -> ClosedRange<Int> {
        let (first, last) = try ends(text) { word throws(Fault) in
            if let number = Int(word), (1...12).contains(number) { return number }
            guard let month = monthNames.firstIndex(of: word) else {
                throw unknown(word, "month", monthNames)
            }
            return month + 1
        }
        guard first <= last else { throw Fault(message: "`\(text)` ends before it begins") }
        return first...last
    }

    /// `2026`, `2026:2028`.
    static func years(_ text: String) throws(Fault) -> ClosedRange<Int> {
        let (first, last) = try ends(text) { word throws(Fault) in
            guard let year = Int(word), (1_970...9_999).contains(year) else {
                throw Fault(message: "`\(word)` is no year from 1970 on")
            }
            return year
        }
        guard first <= last else { throw Fault(message: "`\(text)` ends before it begins") }
        return first...last
    }

    private static func ends(
        _ text: String, _ read: (String) throws(Fault) -> Int
    ) throws(Fault) -> (Int, Int) {
        let parts = text.lowercased().split(separator: ":", omittingEmptySubsequences: false)
            .map { $0.split(separator: " ").joined(separator: " ") }
        guard parts.count <= 2, let first = parts.first, let last = parts.last else {
            throw Fault(message: "`\(text)` is no range; write `FIRST:LAST`")
        }
        return (try read(first), try read(last))
    }

    private static func unknown(_ word: String, _ what: String, _ names: [String]) -> Fault {
        let guess = Spelling.nearest(to: word, in: names).map { "; did you mean `\($0)`?" }
        return Fault(
            message: "`\(word)` is no \(what)"
                + (guess ?? "; there are " + names.joined(separator: ", ")))
    }
}
