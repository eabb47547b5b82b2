internal import LogMetrics

/// Makes of a rule what its state works with: the layout of its windows, what it asks of records, how values come out.
struct RulePlanner {
    private let rule: AlertRule
    private let slots: RuleSlots
    private let hasBaseline: Bool
    private(set) var plan = RulePlan()
    private(set) var readings: [RuleReading] = []
    private(set) var layout: WindowLayout
    private(set) var wakeMask: UInt32 = 1
    private(set) var scalesWithTime = false
    /// For counts the count that each level needs.
    private(set) var needed: [UInt64] = []

    init(
        _ rule: AlertRule, _ slots: RuleSlots, hasBaseline: Bool, inputs: inout RecordInputs
    ) {
        self.rule = rule
        self.slots = slots
        self.hasBaseline = hasBaseline
        layout = WindowLayout(hasBaseline: hasBaseline)
        let condition = rule.condition
        plan.filter = condition.filter.map { inputs.add(filter: $0) } ?? -1
        plan.key = inputs.add(groupBy: condition.groupBy)
        if case .expression(let expression) = condition.measure {
            plan(expression, &inputs)
        } else {
            plan(condition, &inputs)
        }
    }

    private mutating func plan(_ condition: Condition, _ inputs: inout RecordInputs) {
        let seconds = Double(condition.window) / 1e9
        switch condition.measure {
        case .count, .absent: count(scale: 1)
        case .rate: count(scale: seconds)
        case .requestRate:
            count(scale: seconds)
            plan.source = .request
        case .new(let field):
            count(scale: 1)
            plan.source = .firstSeen
            plan.input = inputs.add(groupBy: [field])
            plan.second = inputs.add(groupBy: condition.groupBy.dropLast())
        case .errorRate, .successRate, .ratio: share(condition, &inputs)
        case .quantile(let fraction, let field):
            ranked(fraction)
            plan.input = inputs.add(number: field)
        case .average(let field), .sum(let field), .minimum(let field), .maximum(let field),
            .last(let field):
            plan.source = .number
            plan.input = inputs.add(number: field)
            number(condition.measure)
        case .distinct(let field):
            plan.source = .value
            plan.input = inputs.add(groupBy: [field])
            let word = layout.add(.set)
            plan.word = UInt32(word)
            readings = [.distinct(word: word)]
            needed = rule.levels.map { Self.least($0.limit, scale: 1) }
        case .expression: break
        }
    }

    private mutating func count(scale: Double) {
        readings = [.count(0, scale: scale)]
        scalesWithTime = true
        needed = rule.levels.map { Self.least($0.limit, scale: scale) }
    }

    private mutating func share(_ condition: Condition, _ inputs: inout RecordInputs) {
        layout.setCounters(2)
        plan.source = .outcome
        readings = [condition.measure == .successRate ? .complement : .share]
        if case .ratio(let part, let whole) = condition.measure {
            plan.source = .ratio
            plan.input = inputs.add(filter: part)
            plan.second = inputs.add(filter: whole)
        }
        // A share that holds without any part needs no further record to begin to.
        let quiet = condition.measure == .successRate ? 1.0 : 0
        let holdsQuietly = rule.levels.contains { level in
            level.limit.baseline > 0 || level.limit.comparison.holds(quiet, level.limit.value)
        }
        wakeMask = holdsQuietly ? 3 : 2
    }

    private mutating func ranked(_ fraction: Double) {
        let levels = rule.levels
        layout.setCounters(1 + levels.count)
        plan.source = .ranked
        let bounds = UnsafeMutablePointer<RulePlan.Bound>.allocate(capacity: levels.count)
        for (index, level) in levels.enumerated() {
            (bounds + index).initialize(
                to: RulePlan.Bound(
                    comparison: level.limit.comparison, threshold: level.limit.value))
        }
        plan.bounds = bounds
        plan.boundCount = levels.count
        let word = layout.add(.samples)
        plan.word = UInt32(word)
        readings = [.quantile(word: word, fraction: fraction)]
        wakeMask = hasBaseline ? 1 : (UInt32(1) << UInt32(levels.count) - 1) << 1
    }

    private mutating func number(_ measure: Measure) {
        let word: Int
        switch measure {
        case .minimum:
            word = layout.add(.minimum)
            plan.operation = .minimum
            readings = [.minimum(word: word, counter: 0)]
        case .maximum:
            word = layout.add(.maximum)
            plan.operation = .maximum
            readings = [.maximum(word: word, counter: 0)]
        case .last:
            word = layout.add(.last)
            plan.operation = .last
            readings = [.last(word: word, counter: 0)]
        case .average:
            word = layout.add(.sum)
            plan.operation = .sum
            readings = [.mean(word: word, counter: 0)]
        default:
            word = layout.add(.sum)
            plan.operation = .sum
            readings = [.sum(word: word, counter: 0, scale: 1)]
            scalesWithTime = true
        }
        plan.word = UInt32(word)
        needed = rule.levels.map { _ in 0 }
    }

    /// The least count that satisfies a limit on counts or rates.
    static func least(_ limit: Condition.Limit, scale: Double) -> UInt64 {
        let guess = (limit.value * scale).rounded(.down)
        guard guess < 1e18, limit.comparison.rises else { return .max }
        var count = UInt64(max(guess - 1, 0))
        while !limit.comparison.holds(Double(count) / scale, limit.value) { count += 1 }
        return max(count, 1)
    }

    // MARK: Expressions

    private mutating func plan(_ expression: RuleExpression, _ inputs: inout RecordInputs) {
        let seconds = Double(rule.condition.window) / 1e9
        if expression.onlyCount != nil {
            // Nothing but the records of the expression is counted.
            count(scale: expression.aggregates[0].function == .rate ? seconds : 1)
            return
        }
        plan.source = .expression
        layout.setCounters(1 + expression.aggregates.count)
        let parts = UnsafeMutablePointer<RulePlan.Part>.allocate(
            capacity: max(expression.aggregates.count, 1))
        for (index, aggregate) in expression.aggregates.enumerated() {
            (parts + index).initialize(to: part(aggregate, 1 + index, seconds, &inputs))
        }
        plan.parts = parts
        plan.partCount = expression.aggregates.count
    }

    /// What a record is asked for an aggregate, whose counter is `counter`.
    private mutating func part(
        _ aggregate: RuleExpression.Aggregate, _ counter: Int, _ seconds: Double,
        _ inputs: inout RecordInputs
    ) -> RulePlan.Part {
        var operation = SlotOperation.Kind.none
        var word = 0
        var input: Int32 = -1
        func number(_ name: String?, _ inputs: inout RecordInputs) -> Int32 {
            name.map { inputs.add(number: $0) } ?? -1
        }
        switch aggregate.function {
        case .count: readings.append(.count(counter, scale: 1))
        case .rate: readings.append(.count(counter, scale: seconds))
        case .countEmpty: readings.append(.count(counter, scale: 1))
        case .distinct:
            (operation, word) = (.insert, layout.add(.set))
            input = inputs.add(groupBy: aggregate.field.map { [$0] } ?? [])
            readings.append(.distinct(word: word))
        case .sum, .average, .rateSum:
            (operation, word) = (.sum, layout.add(.sum))
            input = number(aggregate.field, &inputs)
            readings.append(
                aggregate.function == .average
                    ? .mean(word: word, counter: counter)
                    : .sum(
                        word: word, counter: counter,
                        scale: aggregate.function == .rateSum ? seconds : 1))
        case .minimum:
            (operation, word) = (.minimum, layout.add(.minimum))
            input = number(aggregate.field, &inputs)
            readings.append(.minimum(word: word, counter: counter))
        case .maximum:
            (operation, word) = (.maximum, layout.add(.maximum))
            input = number(aggregate.field, &inputs)
            readings.append(.maximum(word: word, counter: counter))
        case .quantile(let fraction):
            (operation, word) = (.sample, layout.add(.samples))
            input = number(aggregate.field, &inputs)
            readings.append(.quantile(word: word, fraction: fraction))
        }
        return RulePlan.Part(
            filter: aggregate.condition.map { inputs.add(filter: $0) } ?? -1, input: input,
            counter: 1 << UInt32(counter), operation: operation, word: UInt32(word))
    }
}
