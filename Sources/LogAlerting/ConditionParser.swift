internal import LogBytes
internal import LogQuery
internal import LogRecords

/// Why a text is no condition, and where.
public struct ConditionError: Error, Equatable, Sendable {
    /// What is wrong and what was probably meant.
    public let message: String
    /// The offset in UTF-8 bytes of the condition.
    public let offset: Int
}

/// Reads the sentences of runbooks:
///
///     MEASURE [where FILTER] COMPARISON THRESHOLD [where FILTER] over DURATION [by FIELD, …] [min N samples] [for DURATION]
///     new(FIELD) [where FILTER] over DURATION [by FIELD, …] [learning DURATION]
///     absent(FILTER) for DURATION [by FIELD, …]
///
/// `MEASURE` is one of `MeasureKind.all`; `FILTER` is LogsQL; `THRESHOLD` is a number with the measure's unit, or
/// `2x baseline(1h)`. A rule with levels leaves out the comparison and the threshold. Worked example: in
/// `count(a:"over (5m)") > 3 over 10m` the filter ends at the parenthesis that closes the first one, quotes being skipped,
/// and the window is the last `over`.
public struct ConditionParser: Sendable {
    let bytes: [UInt8]
    var index = 0

    init(_ text: String) { bytes = Array(text.utf8) }

    /// Reads a condition.
    public static func parse(_ text: String) throws(ConditionError) -> Condition {
        try parse(text, hasLevels: false)
    }

    /// Reads a condition, without comparison and threshold where its rule has levels.
    static func parse(_ text: String, hasLevels: Bool) throws(ConditionError) -> Condition {
        var parser = ConditionParser(text)
        return try parser.condition(text, hasLevels)
    }

    private mutating func condition(
        _ text: String, _ hasLevels: Bool
    ) throws(ConditionError) -> Condition {
        let start = skipSpace()
        let (kind, measure, inner) = try measure()
        let subject = string(start..<index)
        var filters = inner.map { [$0] } ?? []
        if takeWord("where") { filters.append(try whereFilter()) }
        if case .new = measure { return try new(measure, filters, subject, text) }
        if measure == .absent { return try absent(filters, subject, text) }
        let unit = unit(kind, measure)
        var limit: Condition.Limit?
        if !hasLevels || isComparison(at: index) {
            let place = index
            limit = try self.limit(kind, measure, unit)
            guard !hasLevels else {
                throw fault(
                    "the rule has levels, which say what the measure is compared with: leave it out "
                        + "here", at: place)
            }
        }
        if takeWord("where") { filters.append(try whereFilter()) }
        let window = try window()
        let groups = try groupBy()
        let samples = try samplesMin(kind, limit)
        let pending = try pending()
        try expectEnd("`over DURATION`, `by FIELD, …`, `min N samples` and `for DURATION`")
        try checkBaseline(limit, window)
        return Condition(
            measure: measure, filter: filters.isEmpty ? nil : .matching(all: filters),
            limit: limit, unit: unit, window: window, groupBy: groups, samplesMin: samples,
            pendingDuration: pending, subject: subject, text: text)
    }

    private mutating func new(
        _ measure: Measure, _ filters: [Filter], _ subject: String, _ text: String
    ) throws(ConditionError) -> Condition {
        let memory = try window(max: Condition.memoryMax)
        var groups = try groupBy()
        let place = skipSpace()
        var learning = min(memory / 10, Condition.learningMax)
        if takeWord("learning") {
            let start = skipSpace()
            let word = takeToken()
            guard let duration = word == "0" ? 0 : DurationText.parse(word), duration <= memory
            else {
                throw fault(
                    "how long is learnt is a duration no longer than the memory, as in "
                        + "`learning 1h`", at: start)
            }
            learning = duration
        }
        try expectEnd("`over DURATION`, `by FIELD, …` and `learning DURATION`")
        let field = measure.field ?? ""
        guard !groups.contains(field) else {
            throw fault("`\(field)` is what is new; it cannot be grouped by, too", at: place)
        }
        groups.append(field)
        return Condition(
            measure: measure, filter: filters.isEmpty ? nil : .matching(all: filters),
            limit: Condition.Limit(comparison: .greater, value: 0, baseline: 0), unit: .count,
            window: Condition.newWindow, memory: memory, learning: learning, groupBy: groups,
            samplesMin: 0, subject: subject, text: text)
    }

    private mutating func absent(
        _ filters: [Filter], _ subject: String, _ text: String
    ) throws(ConditionError) -> Condition {
        guard takeWord("for") else {
            throw fault("`for DURATION` is wanted here, as in `absent(service:scheduler) for 2m`")
        }
        let window = try duration(max: Condition.windowMax)
        let groups = try groupBy()
        try expectEnd("`for DURATION` and `by FIELD, …`")
        return Condition(
            measure: .absent, filter: filters.isEmpty ? nil : .matching(all: filters),
            limit: Condition.Limit(comparison: .equal, value: 0, baseline: 0), unit: .count,
            window: window, groupBy: groups, samplesMin: 0, subject: subject, text: text)
    }

    private mutating func expectEnd(_ parts: String) throws(ConditionError) {
        guard skipSpace() < bytes.count else { return }
        throw fault(
            "unexpected \(quoted(peekWord())) behind the condition; it ends with \(parts), in this "
                + "order")
    }

    // MARK: The parts

    private mutating func measure() throws(ConditionError) -> (MeasureKind, Measure, Filter?) {
        let start = index
        let word = takeName()
        guard !word.isEmpty else {
            throw fault("a condition begins with a measure: \(MeasureKind.names)", at: start)
        }
        guard let kind = MeasureKind.named(word) else {
            let hint = Spelling.nearest(to: word, in: MeasureKind.all.map(\.name) + ["p95"])
            throw fault(
                "unknown measure \(quoted(word))"
                    + (hint.map { " (did you mean `\($0)`?)" } ?? "")
                    + ". The measures are \(MeasureKind.names), as in `\(MeasureKind.all[0].example)`",
                at: start)
        }
        guard kind.argument != .none else {
            return (kind, kind.make(word, "") ?? .errorRate, nil)
        }
        _ = skipSpace()
        guard index < bytes.count, bytes[index] == UInt8(ascii: "(") else {
            throw fault("`\(word)` needs parentheses, as in `\(kind.example)`")
        }
        let open = index
        let close = try closingParenthesis(open)
        index = close + 1
        switch kind.argument {
        case .filter:
            return (kind, kind.make(word, "") ?? .count, try filter(open + 1..<close))
        case .filters: return (kind, try ratio(open + 1..<close, kind), nil)
        case .field, .none: break
        }
        let field = string(open + 1..<close).filter { $0 != " " }
        guard !field.isEmpty else {
            throw fault("a field is wanted here, as in `\(kind.example)`", at: open + 1)
        }
        return (kind, kind.make(word, field) ?? .count, nil)
    }

    /// The two filters of a ratio, parted by a slash between blanks: paths have slashes, too.
    private func ratio(_ range: Range<Int>, _ kind: MeasureKind) throws(ConditionError) -> Measure {
        var position = range.lowerBound
        while position < range.upperBound {
            switch bytes[position] {
            case ASCII.quote, UInt8(ascii: "'"), UInt8(ascii: "`"):
                position = closingQuote(position) ?? range.upperBound
            case UInt8(ascii: "("): position = try closingParenthesis(position)
            case UInt8(ascii: "/")
            where bytes[position - 1] == ASCII.space && bytes[position + 1] == ASCII.space:
                return .ratio(
                    part: try filter(range.lowerBound..<position),
                    whole: try filter(position + 1..<range.upperBound))
            default: break
            }
            position += 1
        }
        throw fault(
            "`ratio` needs two filters with ` / ` between them, as in `\(kind.example)`",
            at: range.lowerBound)
    }

    func filter(_ range: Range<Int>) throws(ConditionError) -> Filter {
        let text = string(range)
        if text.allSatisfy({ $0 == " " }) { return .all }
        let filter: Filter
        do throws(QueryError) {
            filter = try QueryParser.parseFilter(text, now: 0)
        } catch {
            throw fault(
                "in the filter: \(error.message)",
                at: range.lowerBound + min(error.offset, range.count))
        }
        guard filter.timeRange == .all else {
            throw fault(
                "`_time` has no place in a rule: `over` says how far back it looks",
                at: range.lowerBound)
        }
        return filter
    }

    /// The filter behind `where`, up to the comparison or the window.
    mutating func whereFilter() throws(ConditionError) -> Filter {
        let start = skipSpace()
        var position = start
        var end: Int?
        while position < bytes.count {
            switch bytes[position] {
            case ASCII.quote, UInt8(ascii: "'"), UInt8(ascii: "`"):
                position = closingQuote(position) ?? bytes.count
            case UInt8(ascii: "("):
                position = try closingParenthesis(position)
            case ASCII.space where isWindow(at: position + 1) || isComparison(at: position + 1):
                end = end ?? position
            default: break
            }
            if end != nil { break }
            position += 1
        }
        guard let end, end > start else {
            throw fault(
                "`where` needs a filter and, behind it, the rest of the condition, as in "
                    + "`error_rate where env:prod > 5% over 5m`", at: start)
        }
        index = end
        return try filter(start..<end)
    }

    func isWindow(at position: Int) -> Bool {
        let rest = Array("over ".utf8)
        return bytes[min(position, bytes.count)...].starts(with: rest)
    }

    /// A comparison of the condition stands between blanks; `status_code:>=500` is part of the filter.
    func isComparison(at position: Int) -> Bool {
        let end = bytes[min(position, bytes.count)...].prefix { $0 != ASCII.space }
        return Comparison(rawValue: String(decoding: end, as: UTF8.self)) != nil
    }

    private mutating func window(
        max: Int64 = Condition.windowMax
    ) throws(ConditionError) -> Int64 {
        guard takeWord("over") else {
            throw fault("`over DURATION` is wanted here, as in `\(MeasureKind.all[0].example)`")
        }
        return try duration(max: max)
    }

    private mutating func duration(max: Int64) throws(ConditionError) -> Int64 {
        let start = skipSpace()
        let word = takeToken()
        guard let window = DurationText.parse(word) else {
            throw fault("\(quoted(word)) is no duration; write `30s`, `5m` or `1h`", at: start)
        }
        guard (Condition.windowMin...max).contains(window) else {
            throw fault("a window is between 1s and \(DurationText.text(max)) long", at: start)
        }
        return window
    }

    private mutating func pending() throws(ConditionError) -> Int64 {
        guard takeWord("for") else { return 0 }
        let start = skipSpace()
        let word = takeToken()
        guard let duration = DurationText.parse(word) else {
            throw fault("\(quoted(word)) is no duration; write `30s`, `5m` or `1h`", at: start)
        }
        return duration
    }

    mutating func groupBy() throws(ConditionError) -> [String] {
        guard takeWord("by") else { return [] }
        var fields: [String] = []
        repeat {
            let start = skipSpace()
            let field = takeName()
            guard !field.isEmpty else {
                throw fault("a field is wanted here, as in `by service, endpoint`", at: start)
            }
            guard !fields.contains(field) else {
                throw fault("`\(field)` is named twice", at: start)
            }
            fields.append(field)
        } while takeByte(ASCII.comma)
        return fields
    }

    private mutating func samplesMin(
        _ kind: MeasureKind, _ limit: Condition.Limit?
    ) throws(ConditionError) -> Int {
        let start = skipSpace()
        // A baseline of a few records says nothing about what is usual.
        let needsSamples = kind.needsSamples || (limit?.baseline ?? 0) > 0
        var isField = false
        if case .field = kind.unit { isField = true }
        guard takeWord("min") else { return needsSamples ? Condition.samplesMinDefault : 0 }
        guard needsSamples || isField else {
            throw fault("`min` is for shares and quantiles; a count has its threshold", at: start)
        }
        let numberStart = skipSpace()
        guard let number = Int(takeToken()), number >= 1, number <= 1_000_000_000 else {
            throw fault(
                "a number of records is wanted here, as in `min 20 samples`", at: numberStart)
        }
        guard takeWord("samples") || takeWord("sample") else {
            throw fault("`samples` is wanted here, as in `min 20 samples`")
        }
        return number
    }
}
