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
///     MEASURE [where FILTER] COMPARISON THRESHOLD [where FILTER] over DURATION [by FIELD, …] [min N samples]
///
/// `MEASURE` is one of `MeasureKind.all`; `FILTER` is LogsQL. Worked example: in `count(a:"over (5m)") > 3 over 10m` the
/// filter ends at the parenthesis that closes the first one, quotes being skipped, and the window is the last `over`.
public struct ConditionParser: Sendable {
    private let bytes: [UInt8]
    private var index = 0

    private init(_ text: String) { bytes = Array(text.utf8) }

    /// Reads a condition.
    public static func parse(_ text: String) throws(ConditionError) -> Condition {
        var parser = ConditionParser(text)
        return try parser.condition(text)
    }

    private mutating func condition(_ text: String) throws(ConditionError) -> Condition {
        let start = skipSpace()
        let (kind, measure, inner) = try measure()
        let subject = string(start..<index)
        var filters = inner.map { [$0] } ?? []
        if takeWord("where") { filters.append(try whereFilter()) }
        let comparison = try comparison()
        let (threshold, unit) = try threshold(measure)
        if takeWord("where") { filters.append(try whereFilter()) }
        let window = try window()
        let groups = try groupBy()
        let samples = try samplesMin(kind)
        if skipSpace() < bytes.count {
            throw fault(
                "unexpected \(quoted(peekWord())) behind the condition; it ends with "
                    + "`over DURATION`, `by FIELD, …` and `min N samples`, in this order")
        }
        return Condition(
            measure: measure, filter: filters.isEmpty ? nil : .matching(all: filters),
            comparison: comparison, threshold: threshold, unit: unit, window: window,
            groupBy: groups, samplesMin: samples, subject: subject, text: text)
    }

    // MARK: The parts

    private mutating func measure() throws(ConditionError) -> (MeasureKind, Measure, Filter?) {
        let start = index
        let word = takeName()
        guard !word.isEmpty else {
            throw fault("a condition begins with a measure: \(MeasureKind.names)", at: start)
        }
        let kind = MeasureKind.all.first { $0.make(word, "") != nil }
        guard let kind else {
            let hint = Spelling.nearest(word, among: ["error_rate", "count", "rate", "p95"])
            throw fault(
                "unknown measure \(quoted(word))"
                    + (hint.map { "; did you mean `\($0)`?" } ?? "")
                    + " The measures are \(MeasureKind.names), as in `\(MeasureKind.all[0].example)`",
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
        if kind.argument == .filter {
            return (kind, kind.make(word, "") ?? .count, try filter(open + 1..<close))
        }
        let field = string(open + 1..<close).filter { $0 != " " }
        guard !field.isEmpty else {
            throw fault("a field is wanted here, as in `\(kind.example)`", at: open + 1)
        }
        return (kind, kind.make(word, field) ?? .count, nil)
    }

    private func filter(_ range: Range<Int>) throws(ConditionError) -> Filter {
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
    private mutating func whereFilter() throws(ConditionError) -> Filter {
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

    private func isWindow(at position: Int) -> Bool {
        let rest = Array("over ".utf8)
        return bytes[min(position, bytes.count)...].starts(with: rest)
    }

    /// A comparison of the condition stands between blanks; `status_code:>=500` is part of the filter.
    private func isComparison(at position: Int) -> Bool {
        let end = bytes[min(position, bytes.count)...].prefix { $0 != ASCII.space }
        return Comparison(rawValue: String(decoding: end, as: UTF8.self)) != nil
    }

    private mutating func comparison() throws(ConditionError) -> Comparison {
        let start = skipSpace()
        for comparison in Comparison.allCases
        where bytes[start...].starts(with: Array(comparison.rawValue.utf8)) {
            index += comparison.rawValue.utf8.count
            return comparison
        }
        throw fault(
            "a comparison is wanted here: >, >=, < or <=, as in `\(MeasureKind.all[0].example)`")
    }

    private mutating func threshold(
        _ measure: Measure
    ) throws(ConditionError) -> (Double, ValueUnit) {
        let start = skipSpace()
        let word = takeToken()
        let number = Double(word)
        guard !word.isEmpty, number.map({ $0.isFinite && $0 >= 0 }) ?? true else {
            throw fault("a threshold is wanted here, a number of at least 0", at: start)
        }
        switch measure {
        case .errorRate:
            if word.hasSuffix("%"), let percent = Double(String(word.dropLast())), percent <= 100,
                percent >= 0
            {
                return (percent / 100, .fraction)
            }
            if let number, number <= 1 { return (number, .fraction) }
            throw fault(
                "\(quoted(word)) is no share: write percent (`5%`) or a fraction (`0.05`)",
                at: start)
        case .count, .rate:
            guard let number else {
                throw fault(
                    "\(quoted(word)) is no number; a count is compared with a plain one, as in "
                        + "`\(MeasureKind.all[2].example)`", at: start)
            }
            return (number, measure == .count ? .count : .perSecond)
        case .quantile(_, let field):
            return try quantileThreshold(word, number, field, start)
        }
    }

    private func quantileThreshold(
        _ word: String, _ number: Double?, _ field: String, _ start: Int
    ) throws(ConditionError) -> (Double, ValueUnit) {
        let unit: ValueUnit =
            field.hasSuffix("_ms")
            ? .milliseconds
            : field.hasSuffix("_seconds") || field.hasSuffix("_s") ? .seconds : .plain
        if let number { return (number, unit) }
        guard let duration = DurationText.parse(word) else {
            throw fault(
                "\(quoted(word)) is neither a number nor a duration such as `500ms` or `1s`",
                at: start)
        }
        switch unit {
        case .milliseconds: return (Double(duration) / 1e6, unit)
        case .seconds: return (Double(duration) / 1e9, unit)
        default:
            throw fault(
                "weir does not know the unit of `\(field)` (its name ends in neither _ms nor "
                    + "_seconds): write a plain number", at: start)
        }
    }

    private mutating func window() throws(ConditionError) -> Int64 {
        guard takeWord("over") else {
            throw fault("`over DURATION` is wanted here, as in `\(MeasureKind.all[0].example)`")
        }
        let start = skipSpace()
        let word = takeToken()
        guard let window = DurationText.parse(word) else {
            throw fault("\(quoted(word)) is no duration; write `30s`, `5m` or `1h`", at: start)
        }
        guard (Condition.windowMin...Condition.windowMax).contains(window) else {
            throw fault("a window is between 1s and 1d long", at: start)
        }
        return window
    }

    private mutating func groupBy() throws(ConditionError) -> [String] {
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

    private mutating func samplesMin(_ kind: MeasureKind) throws(ConditionError) -> Int {
        let start = skipSpace()
        guard takeWord("min") else { return kind.needsSamples ? Condition.samplesMinDefault : 0 }
        guard kind.needsSamples else {
            throw fault("`min` is for rates and quantiles; a count has its threshold", at: start)
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

/// The words and brackets.
extension ConditionParser {
    @discardableResult
    private mutating func skipSpace() -> Int {
        while index < bytes.count, bytes[index] <= ASCII.space { index += 1 }
        return index
    }

    private func string(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    /// Takes letters, digits and what else stands in names of fields and measures.
    private mutating func takeName() -> String {
        let start = skipSpace()
        while index < bytes.count, isNameByte(bytes[index]) { index += 1 }
        return string(start..<index)
    }

    private func isNameByte(_ byte: UInt8) -> Bool {
        ASCII.isDigit(byte) || ASCII.lowercased(byte) &- UInt8(ascii: "a") < 26 || byte >= 0x80
            || "_.-@:/".utf8.contains(byte)
    }

    /// Takes everything up to the next blank.
    private mutating func takeToken() -> String {
        let start = skipSpace()
        while index < bytes.count, bytes[index] > ASCII.space { index += 1 }
        return string(start..<index)
    }

    private func peekWord() -> String {
        var copy = self
        return copy.takeToken()
    }

    private mutating func takeWord(_ word: String) -> Bool {
        skipSpace()
        var copy = self
        guard copy.takeToken() == word else { return false }
        self = copy
        return true
    }

    private mutating func takeByte(_ byte: UInt8) -> Bool {
        guard skipSpace() < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    /// The offset of the quote that closes the one at `position`, or nil.
    private func closingQuote(_ position: Int) -> Int? {
        var index = position + 1
        while index < bytes.count {
            if bytes[index] == bytes[position] { return index }
            // Backquotes take what is between them as it stands.
            if bytes[index] == ASCII.backslash, bytes[position] != UInt8(ascii: "`") { index += 1 }
            index += 1
        }
        return nil
    }

    private func closingParenthesis(_ open: Int) throws(ConditionError) -> Int {
        var depth = 0
        var position = open
        while position < bytes.count {
            switch bytes[position] {
            case ASCII.quote, UInt8(ascii: "'"), UInt8(ascii: "`"):
                guard let close = closingQuote(position) else {
                    throw fault("this quote is not closed", at: position)
                }
                position = close
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"):
                depth -= 1
                if depth == 0 { return position }
            default: break
            }
            position += 1
        }
        throw fault("this parenthesis is not closed", at: open)
    }

    private func quoted(_ word: String) -> String { word.isEmpty ? "the end" : "`\(word)`" }

    private func fault(_ message: String, at offset: Int? = nil) -> ConditionError {
        ConditionError(message: message, offset: offset ?? index)
    }
}
