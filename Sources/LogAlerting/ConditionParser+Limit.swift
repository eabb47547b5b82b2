internal import LogRecords

/// The comparison and the threshold.
extension ConditionParser {
    /// The comparison and the threshold of a level: `> 0.5%`.
    static func limit(
        _ text: String, of condition: Condition
    ) throws(ConditionError) -> Condition.Limit {
        var parser = ConditionParser(text)
        let word = condition.subject.prefix { $0 != "(" && $0 != " " }
        guard let kind = MeasureKind.named(String(word)) else {
            throw parser.fault("levels are for measures, not for `\(word)`", at: 0)
        }
        let limit = try parser.limit(kind, condition.measure, condition.unit)
        guard parser.skipSpace() == parser.bytes.count else {
            throw parser.fault(
                "unexpected \(parser.quoted(parser.peekWord())) behind the threshold")
        }
        try parser.checkBaseline(limit, condition.window)
        return limit
    }

    func unit(_ kind: MeasureKind, _ measure: Measure) -> ValueUnit {
        switch kind.unit {
        case .fixed(let unit): unit
        case .field: ValueUnit(field: measure.field ?? "")
        }
    }

    mutating func limit(
        _ kind: MeasureKind, _ measure: Measure, _ unit: ValueUnit
    ) throws(ConditionError) -> Condition.Limit {
        let place = skipSpace()
        let comparison = try comparison()
        if comparison == .equal || comparison == .notEqual, kind.needsSamples {
            throw fault(
                "`\(comparison.rawValue)` is for counts and numbers of fields; a share or a quantile "
                    + "hardly ever equals anything", at: place)
        }
        if let (factor, baseline) = try self.baseline() {
            guard kind.hasBaseline else {
                throw fault("`\(kind.name)` has no baseline", at: place)
            }
            guard comparison.rises || comparison.falls else {
                throw fault("a baseline is compared by >, >=, < or <=", at: place)
            }
            return Condition.Limit(comparison: comparison, value: factor, baseline: baseline)
        }
        let start = skipSpace()
        if comparison == .equal || comparison.falls, kind.argument == .filter,
            peekWord() == "0" || peekWord() == "1" && comparison == .less
        {
            throw fault(
                "a window without records has no count; write `absent(FILTER) for 5m`", at: start)
        }
        let value = try threshold(kind, unit)
        return Condition.Limit(comparison: comparison, value: value, baseline: 0)
    }

    private mutating func comparison() throws(ConditionError) -> Comparison {
        let start = skipSpace()
        for comparison in Comparison.allCases
        where bytes[start...].starts(with: Array(comparison.rawValue.utf8)) {
            index += comparison.rawValue.utf8.count
            return comparison
        }
        throw fault(
            "a comparison is wanted here: >, >=, <, <=, == or !=, as in "
                + "`\(MeasureKind.all[0].example)`")
    }

    /// The factor and the length of `2x baseline(1h)`; nil where something else stands.
    private mutating func baseline() throws(ConditionError) -> (Double, Int64)? {
        let start = skipSpace()
        var probe = self
        let first = probe.takeToken()
        var factor = 1.0
        var factorText = first
        if first.hasPrefix("baseline(") {
            probe = self
            factorText = ""
        } else if first == "x" || first == "times" || !first.hasSuffix("x") {
            guard probe.takeWord("times") || probe.takeWord("x") else { return nil }
        } else {
            factorText = String(first.dropLast())
        }
        if !factorText.isEmpty {
            guard let number = ValueUnit.number(factorText), number > 0 else {
                throw fault(
                    "\(quoted(factorText)) is no factor; write `2x baseline(1h)`", at: start)
            }
            factor = number
        }
        let place = probe.skipSpace()
        let word = probe.takeToken()
        guard word.hasPrefix("baseline("), word.hasSuffix(")"),
            let length = DurationText.parse(word.dropFirst(9).dropLast()), length > 0
        else {
            throw fault("`baseline(DURATION)` is wanted here, as in `2x baseline(1h)`", at: place)
        }
        self = probe
        return (factor, length)
    }

    /// A baseline is longer than the window, and not so long that its slots could not be held.
    func checkBaseline(_ limit: Condition.Limit?, _ window: Int64) throws(ConditionError) {
        guard let limit, limit.baseline > 0 else { return }
        let length = DurationText.text(limit.baseline)
        guard limit.baseline >= 2 * window else {
            throw fault(
                "a baseline of \(length) is no measure for a window of \(DurationText.text(window)): "
                    + "it is at least twice as long", at: 0)
        }
        guard limit.baseline / window <= RuleSlots.baselineWindowsMax,
            limit.baseline <= 14 * Condition.windowMax
        else {
            throw fault(
                "a baseline is at most \(RuleSlots.baselineWindowsMax) windows and two weeks long",
                at: 0)
        }
    }

    private mutating func threshold(
        _ kind: MeasureKind, _ unit: ValueUnit
    ) throws(ConditionError) -> Double {
        let start = skipSpace()
        let word = takeToken()
        if case .field = kind.unit { return try fieldThreshold(kind, word, unit, start) }
        let number = Double(word)
        guard !word.isEmpty, number.map({ $0.isFinite && $0 >= 0 }) ?? true else {
            throw fault("a threshold is wanted here, a number of at least 0", at: start)
        }
        if unit == .fraction {
            if word.hasSuffix("%"), let percent = ValueUnit.number(word.dropLast()),
                (0...100).contains(percent)
            {
                return percent / 100
            }
            if let number, number <= 1 { return number }
            throw fault(
                "\(quoted(word)) is no share: write percent (`5%`) or a fraction (`0.05`)",
                at: start)
        }
        guard let number else {
            throw fault(
                "\(quoted(word)) is no number; a count is compared with a plain one, as in "
                    + "`\(kind.example)`", at: start)
        }
        return number
    }

    private func fieldThreshold(
        _ kind: MeasureKind, _ word: String, _ unit: ValueUnit, _ start: Int
    ) throws(ConditionError) -> Double {
        guard !word.isEmpty, !["over", "by", "nan", "inf"].contains(word.lowercased()) else {
            throw fault("a threshold is wanted here, as in `\(kind.example)`", at: start)
        }
        if let value = unit.threshold(word) {
            guard value >= 0 || !kind.needsSamples else {
                throw fault("a threshold is wanted here, a number of at least 0", at: start)
            }
            return value
        }
        if DurationText.parse(word) != nil || word.hasSuffix("%") {
            throw fault(
                "weir does not know the unit of this field: a name that ends in _ms, _seconds, _bytes, "
                    + "_percent or _ratio tells it; write a plain number", at: start)
        }
        throw fault(
            "\(quoted(word)) is neither a number nor a duration such as `500ms` or `1s`",
            at: start)
    }
}
