internal import LogBytes

/// What may stand behind `_time:`.
extension QueryParser {
    mutating func timeFilter() throws(QueryError) -> Filter {
        if isNext("day_range", "week_range"), ["(", "["].contains(following.raw) {
            return .time(try TimeSchedule.parse(&self))
        }
        if isNext("(", "["), isTimeRange {
            return .time(try bracketedTimes())
        }
        if isNext("(") {
            let open = token
            advance()
            return try nested { (parser) throws(QueryError) in try parser.timeGroup(open) }
        }
        if accept("!", "-", "not") { return try timeFilter().negated }
        return .time(try shifted(try simpleTimes()))
    }

    /// Whether a comma comes before the parenthesis closes: `(a, b)` is a range, `(5m or 1h)` a group.
    private var isTimeRange: Bool {
        var probe = self
        probe.advance()
        while !probe.isAtEnd, !probe.isNext(")", "]", "|", "(") {
            if probe.isNext(",") { return true }
            probe.advance()
        }
        return false
    }

    private mutating func timeGroup(_ open: Token) throws(QueryError) -> Filter {
        var alternatives: [Filter] = []
        repeat {
            var filters = [try timeFilter()]
            while !isAtEnd, !isNext("or", ")") {
                _ = accept("and")
                filters.append(try timeFilter())
            }
            alternatives.append(.matching(all: filters))
        } while accept("or")
        guard accept(")") else { throw fault("this '(' is not closed", at: open.offset) }
        return .matching(any: alternatives)
    }

    /// `[a, b)` with any brackets, perhaps with an offset.
    private mutating func bracketedTimes() throws(QueryError) -> TimeFilter {
        let includesStart = token.text == "["
        advance()
        let start = try timePoint()
        try expect(",", "between the ends of the time range")
        let end = try timePoint()
        let includesEnd = isNext("]")
        guard accept(")", "]") else {
            throw fault("expected ')' or ']' at the end of the time range, found \(found)")
        }
        let range = TimeRange(
            start: includesStart ? start.range.start : start.range.start.addingClamped(1),
            end: includesEnd ? end.range.end : end.range.start)
        let syntax =
            (includesStart ? "[" : "(") + start.syntax + "," + end.syntax
            + (includesEnd ? "]" : ")")
        return try shifted(TimeFilter(range: range, syntax: syntax))
    }

    /// One end of a range: a time, `now`, or a duration before now; `now-1h` and `now+1h` too.
    private mutating func timePoint() throws(QueryError) -> TimeFilter {
        let place = token.offset
        let text = try operand()
        if let time = TimeText(text) {
            return TimeFilter(
                range: TimeRange(start: time.start, end: time.end), syntax: Quoting.operand(text))
        }
        var point: Int64?
        if text.lowercased() == "now" {
            point = now
        } else if text.lowercased().hasPrefix("now") {
            point = String(text.dropFirst(3)).withView { DurationText.nanoseconds($0) }
                .map { now.addingClamped(Int64(clamping: $0)) }
        } else {
            point = text.withView { DurationText.nanoseconds($0) }
                .map { now.addingClamped(Int64(clamping: -abs($0))) }
        }
        guard let point else { throw badTime(text, place) }
        return TimeFilter(
            range: TimeRange(start: point, end: point.addingClamped(1)),
            syntax: Quoting.operand(text))
    }

    private func badTime(_ text: String, _ place: Int) -> QueryError {
        return fault(
            "'\(text)' is no time; there are 5m 1h30m 2023-04-25 2023-04-25T10:30 "
                + "2023-04-25T10:30:00.5+02:00 now", at: place)
    }

    /// `5m`, `>1h`, `<2023-04-25`, `2023-04-25T10`.
    private mutating func simpleTimes() throws(QueryError) -> TimeFilter {
        if isNext("offset") {
            // As in VictoriaLogs: everything up to the offset.
            return TimeFilter(range: TimeRange(end: now.addingClamped(1)), syntax: "")
        }
        var sign = ""
        if isNext(">", "<", "=") {
            sign = token.text
            advance()
            if sign != "=", accept("=") { sign += "=" }
        }
        let place = token.offset
        let text = try operand()
        let range: TimeRange
        if text.lowercased() == "now" {
            range = bounds(sign, TimeRange(start: now, end: now.addingClamped(1)))
        } else if let time = TimeText(text) {
            range = bounds(sign, TimeRange(start: time.start, end: time.end))
        } else if let duration = text.withView({ DurationText.nanoseconds($0) }) {
            range = ages(sign, now.addingClamped(Int64(clamping: -abs(duration))))
        } else {
            throw badTime(text, place)
        }
        return TimeFilter(range: range, syntax: sign + Quoting.operand(text))
    }

    private func bounds(_ sign: String, _ time: TimeRange) -> TimeRange {
        switch sign {
        case ">": TimeRange(start: time.start.addingClamped(1))
        case ">=": TimeRange(start: time.start)
        case "<": TimeRange(end: time.start)
        case "<=": TimeRange(end: time.end)
        default: time
        }
    }

    /// `_time:>1h` are records older than an hour, `_time:<1h` and `_time:1h` those of the last hour.
    private func ages(_ sign: String, _ point: Int64) -> TimeRange {
        switch sign {
        case ">": TimeRange(end: point)
        case ">=": TimeRange(end: point.addingClamped(1))
        default: TimeRange(start: point.addingClamped(1), end: now.addingClamped(1))
        }
    }

    /// Reads `offset 1h`, if it comes next, and moves the range back by it.
    private mutating func shifted(_ filter: TimeFilter) throws(QueryError) -> TimeFilter {
        guard isNext("offset") else { return filter }
        advance()
        let place = token.offset
        let text = try operand()
        guard let duration = text.withView({ DurationText.nanoseconds($0) }) else {
            throw fault("'\(text)' is no duration; there are 5m 1h30m 7d", at: place)
        }
        let shift = Int64(clamping: -duration)
        let range = filter.range
        let moved = TimeRange(
            start: range.start == .min ? .min : range.start.addingClamped(shift),
            end: range.end == .max ? .max : range.end.addingClamped(shift))
        let head = filter.syntax.isEmpty ? "" : filter.syntax + " "
        return TimeFilter(range: moved, syntax: head + "offset " + Quoting.operand(text))
    }
}
