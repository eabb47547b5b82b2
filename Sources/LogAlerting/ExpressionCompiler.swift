internal import LogQuery
internal import LogRecords

/// Makes a condition of a LogsQL expression, as rules of VictoriaLogs' type have it:
///
///     _time:5m level:ERROR | stats by (service) count() as n | filter n:>10
///
/// The window is that of `_time`, else the interval of the rule's group. Behind `stats` may stand `math` and `filter`, in
/// any order and number. What would need rows that are gone (`sort`, `limit`, `extract` before `stats`, …) is an error.
struct ExpressionCompiler {
    private let text: String
    private var names: [String: RuleValue] = [:]
    private var tests: [RuleTest] = []
    /// Which `math` gave the names that one gave; the names of statistics are not here.
    private var formulas: [String: Int] = [:]
    private var lastFormula: (number: Int, name: String)?
    private var comparisons: [Compared] = []

    /// A comparison with a number, as it stands in the expression.
    private struct Compared {
        let name: String
        let value: RuleValue
        let comparison: Comparison
        let threshold: Double
        /// The `math` that gave `name`; nil for a statistic.
        let formula: Int?
    }

    /// Results of one `stats`: as many as a slot has room for counters.
    static let aggregatesMax = 12

    /// Compiles `text` for a group with this evaluation interval.
    static func compile(_ text: String, interval: Int64) throws(ConditionError) -> Condition {
        do throws(ConditionError) {
            return try compileLogsQL(text, interval)
        } catch {
            // A guess at what was meant, where it is wrong anyway: a text that is searched for may look like that, too.
            guard hasRangeSelector(text) else { throw error }
            throw ConditionError(
                message: "this looks like PromQL, which asks series; a rule of weir asks records: "
                    + "`_time:5m level:ERROR | stats by (service) count() as n | filter n:>10`, or a "
                    + "`condition` as `count(level:ERROR) > 10 over 5m by service`", offset: 0)
        }
    }

    private static func compileLogsQL(
        _ text: String, _ interval: Int64
    ) throws(ConditionError) -> Condition {
        let query: Query
        do throws(QueryError) {
            // Relative times end at a moment that is no time of records, so that they can be told from absolute ones.
            query = try QueryParser.parse(text, now: 0)
        } catch {
            throw ConditionError(
                message: "this is no LogsQL: \(error.message)", offset: error.offset)
        }
        var compiler = ExpressionCompiler(text: text)
        return try compiler.condition(query, interval)
    }

    private init(text: String) { self.text = text }

    /// Whether a window stands in brackets behind a name, as PromQL has it: `[5m]`.
    private static func hasRangeSelector(_ text: String) -> Bool {
        var rest = Substring(text)
        while let open = rest.firstIndex(of: "[") {
            let before = rest[..<open].last
            rest = rest[rest.index(after: open)...]
            guard let close = rest.firstIndex(of: "]"), let before,
                before.isLetter || before.isNumber || before == "}" || before == "_"
            else { continue }
            if DurationText.parse(String(rest[..<close])) != nil { return true }
        }
        return false
    }

    private func fault(_ message: String, at part: String = "") -> ConditionError {
        let place = part.isEmpty ? nil : text.firstRange(of: part)?.lowerBound
        let offset = place.map { text.utf8.distance(from: text.startIndex, to: $0) } ?? 0
        return ConditionError(message: message, offset: offset)
    }

    private mutating func condition(
        _ query: Query, _ interval: Int64
    ) throws(ConditionError) -> Condition {
        let (filter, window) = try window(query.filter, interval)
        try checkIsFilter(query.filter)
        guard let stats = query.pipes.first as? StatsPipe else {
            let first = query.pipes.first.map { "`\($0)` comes before it" } ?? "it has none"
            throw fault(
                "an `expr` is LogsQL with `| stats` right behind its filter, as in `level:ERROR | "
                    + "stats by (service) count() as n | filter n:>10`, and \(first)")
        }
        let aggregates = try aggregates(stats)
        for pipe in query.pipes.dropFirst() { try step(pipe) }
        let test = tests.count > 1 ? RuleTest.and(tests) : tests.first
        let compared = shownComparison
        let value = compared?.value ?? lastFormula.flatMap { names[$0.name] } ?? .aggregate(0)
        let expression = RuleExpression(
            aggregates: aggregates, test: test, value: value,
            threshold: compared.map { ($0.comparison, $0.threshold) }, text: text)
        return Condition(
            measure: .expression(expression), filter: filter,
            limit: Condition.Limit(
                comparison: compared?.comparison ?? .greater, value: compared?.threshold ?? 0,
                baseline: 0),
            unit: .plain, window: window, groupBy: stats.keys.map(\.field), samplesMin: 0,
            subject: subject(compared, stats), text: text)
    }

    /// A filter of a rule is asked of one record at a time and knows nothing of other queries.
    private func checkIsFilter(_ filter: Filter) throws(ConditionError) {
        do throws(QueryError) {
            _ = try QueryParser.parseFilter("\(filter)", now: 0)
        } catch {
            throw fault(error.message)
        }
    }

    /// The comparison whose sides an alert shows: of the last `math` what is compared first, since all before it leads to it
    /// (`filter all:>20 share:>0.1` is about the share, and about enough of them); else the first of all.
    private var shownComparison: Compared? {
        let last = lastFormula?.number
        return comparisons.first { $0.formula != nil && $0.formula == last } ?? comparisons.first
    }

    /// What the value that is shown is called: the name that a `math` gave it, else the statistic.
    private func subject(_ compared: Compared?, _ stats: StatsPipe) -> String {
        if let compared {
            if compared.formula != nil { return compared.name }
        } else if let lastFormula {
            return lastFormula.name
        }
        guard case .aggregate(let index)? = compared?.value ?? .aggregate(0) else { return "expr" }
        return "\(stats.results[index].call)"
    }

    // MARK: The window

    private func window(
        _ filter: Filter, _ interval: Int64
    ) throws(ConditionError) -> (Filter?, Int64) {
        var parts: [Filter] = []
        var window = interval
        let conjuncts: [Filter]
        if case .and(let inner) = filter { conjuncts = inner } else { conjuncts = [filter] }
        for part in conjuncts {
            guard case .time(let time) = part else {
                guard part.timeRange == .all else { throw timeFault(part) }
                parts.append(part)
                continue
            }
            if time.schedule != nil {
                parts.append(part)
                continue
            }
            guard let length = DurationText.parse(time.syntax) else { throw timeFault(part) }
            window = length
        }
        guard (Condition.windowMin...Condition.windowMax).contains(window) else {
            throw fault("a window is between 1s and 1d long", at: "_time")
        }
        let rest = Filter.matching(all: parts.filter { $0 != .all })
        return (rest == .all ? nil : rest, window)
    }

    private func timeFault(_ part: Filter) -> ConditionError {
        fault(
            "`\(part)` is no window that slides along with the stream; write `_time:5m` at the front",
            at: "_time")
    }

    // MARK: stats

    private mutating func aggregates(
        _ stats: StatsPipe
    ) throws(ConditionError) -> [RuleExpression.Aggregate] {
        for key in stats.keys where key.bucket != nil {
            throw fault(
                "a rule cannot group by `\(key)`: its window slides, it has no buckets",
                at: key.field)
        }
        guard stats.results.count <= Self.aggregatesMax else {
            throw fault("a rule has at most \(Self.aggregatesMax) statistics", at: "stats")
        }
        var result: [RuleExpression.Aggregate] = []
        for statistic in stats.results {
            names[statistic.name] = .aggregate(result.count)
            result.append(try aggregate(statistic))
        }
        return result
    }

    private func aggregate(
        _ statistic: StatsPipe.Result
    ) throws(ConditionError) -> RuleExpression.Aggregate {
        let call = statistic.call
        let function: RuleExpression.Aggregate.Function
        switch call.function {
        case "count": function = .count
        case "count_empty": function = .countEmpty
        case "count_uniq", "count_uniq_hash": function = .distinct
        case "sum": function = .sum
        case "avg": function = .average
        case "min": function = .minimum
        case "max": function = .maximum
        case "median": function = .quantile(0.5)
        case "quantile": function = .quantile(call.share ?? 0.5)
        case "rate": function = .rate
        case "rate_sum": function = .rateSum
        default:
            throw fault(
                "a rule cannot keep `\(call)` up to date record by record; there are count, "
                    + "count_empty, count_uniq, sum, avg, min, max, median, quantile, rate, rate_sum",
                at: call.function)
        }
        if call.description.contains("limit ") {
            throw fault("`limit` has no place in a rule's statistics", at: call.function)
        }
        let isCount = function == .count || function == .countEmpty
        guard call.fields.count <= 1 || isCount else {
            throw fault("a rule's `\(call.function)` looks at one field", at: call.function)
        }
        var condition = statistic.condition
        if let condition { try checkIsFilter(condition) }
        if isCount, !call.fields.isEmpty {
            let tests = try call.fields.map { (field) throws(ConditionError) -> Filter in
                let text = "\(Self.quoted(field)):*"
                do throws(QueryError) {
                    return try QueryParser.parseFilter(text, now: 0)
                } catch { throw fault("no field can be called `\(field)`", at: call.function) }
            }
            let anyValue = Filter.matching(any: tests)
            let own = function == .count ? anyValue : anyValue.negated
            condition = condition.map { .matching(all: [$0, own]) } ?? own
        }
        return RuleExpression.Aggregate(
            function: function == .countEmpty ? .count : function,
            field: isCount ? nil : call.fields.first, condition: condition,
            name: statistic.name)
    }

    private static func quoted(_ name: String) -> String {
        "\"" + name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    // MARK: Behind stats

    private mutating func step(_ pipe: any Pipe) throws(ConditionError) {
        if let filter = pipe as? FilterPipe {
            tests.append(try test(filter.filter))
        } else if let arithmetic = pipe.arithmetic {
            for (expression, name) in arithmetic {
                names[name] = try value(expression)
                let number = (lastFormula?.number ?? 0) + 1
                formulas[name] = number
                lastFormula = (number, name)
            }
        } else {
            let word = "\(pipe)".prefix { $0 != " " }
            throw fault(
                "`\(word)` has no place in a rule; behind `stats` may stand `math` and `filter`",
                at: "| \(word)")
        }
    }

    private func value(_ expression: MathExpression) throws(ConditionError) -> RuleValue {
        switch expression {
        case .field(let name):
            guard let value = names[name] else { throw unknown(name) }
            return value
        case .number(let number, _): return .constant(number)
        case .unary(let inner): return .negative(try value(inner))
        case .binary(let sign, let left, let right):
            return .binary(sign, try value(left), try value(right))
        case .call(let function, let arguments):
            guard function != .rand, function != .now else {
                throw fault("`\(function)()` has no place in a rule", at: function.rawValue)
            }
            return .call(
                function,
                try arguments.map { (part) throws(ConditionError) in try value(part) })
        }
    }

    private func unknown(_ name: String) -> ConditionError {
        let known = names.keys.sorted()
        let hint =
            Spelling.nearest(to: name, in: known).map { "did you mean `\($0)`?" }
            ?? "there are \(known.map { "`\($0)`" }.joined(separator: ", "))"
        return fault("`stats` gives no result called `\(name)`; \(hint)", at: name)
    }

    private mutating func test(_ filter: Filter) throws(ConditionError) -> RuleTest {
        switch filter {
        case .all: return .always
        case .and(let filters): return .and(try tests(filters))
        case .or(let filters): return .or(try tests(filters))
        case .not(let inner): return .not(try test(inner))
        case .time, .fields:
            throw fault("`\(filter)` has no place behind `stats`", at: "\(filter)")
        case .leaf(let field, let predicate):
            guard let value = names[field] else { throw unknown(field) }
            guard let test = comparison(value, predicate) else { return .text(value, predicate) }
            if let (value, comparison, threshold) = test.firstComparison {
                comparisons.append(
                    Compared(
                        name: field, value: value, comparison: comparison, threshold: threshold,
                        formula: formulas[field]))
            }
            return test
        }
    }

    private mutating func tests(_ filters: [Filter]) throws(ConditionError) -> [RuleTest] {
        var tests: [RuleTest] = []
        for filter in filters { tests.append(try test(filter)) }
        return tests
    }

    /// The comparison that a condition on numbers is: `>10`, `<=5s`.
    private func comparison(_ value: RuleValue, _ predicate: ValuePredicate) -> RuleTest? {
        let syntax = predicate.description
        for comparison in Comparison.allCases where syntax.hasPrefix(comparison.rawValue) {
            let rest = syntax.dropFirst(comparison.rawValue.count)
            guard let number = ValueUnit.number(rest) else { break }
            return .compare(value, comparison, number)
        }
        if syntax.hasPrefix("="), let number = ValueUnit.number(syntax.dropFirst()) {
            return .compare(value, .equal, number)
        }
        if let number = ValueUnit.number(syntax) { return .compare(value, .equal, number) }
        guard let bounds = predicate.matcher.numberTest?.bounds else { return nil }
        return .and([
            .compare(value, .greaterOrEqual, bounds.lowerBound),
            .compare(value, .lessOrEqual, bounds.upperBound),
        ])
    }
}
