internal import LogBytes
internal import LogMetrics
internal import LogRecords

/// The loop over records and rules. A struct, so that the loop works on plain memory and not through class properties.
struct EngineCore: ~Copyable {
    /// What a record that is held back would add to one rule.
    private struct HeldPart {
        let rule: Int
        let key: [UInt8]
        let contribution: Contribution
    }

    private struct HeldRecord {
        let time: Int64
        var parts: [HeldPart]
    }

    private let ruleCount: Int
    private let rules: UnsafeMutablePointer<RuleState>
    private let plans: UnsafeMutablePointer<RuleState.Plan>
    private var inputs: RecordInputs
    private var clock = EventClock()
    private var held: [HeldRecord] = []
    /// The watermark at which some rule has a boundary to evaluate.
    private var due = Int64.max
    private(set) var late: UInt64 = 0
    var transitions: [AlertTransition] = []

    init(_ list: [AlertRule]) {
        ruleCount = list.count
        rules = .allocate(capacity: max(list.count, 1))
        plans = .allocate(capacity: max(list.count, 1))
        inputs = RecordInputs()
        for (index, rule) in list.enumerated() {
            (rules + index).initialize(to: RuleState(rule, inputs: &inputs))
            (plans + index).initialize(to: rules[index].plan)
        }
        inputs.freeze()
    }

    deinit {
        rules.deinitialize(count: ruleCount)
        rules.deallocate()
        plans.deallocate()
    }

    var refused: UInt64 { (0..<ruleCount).reduce(0) { $0 + rules[$1].refused } }
    var groupCount: Int { (0..<ruleCount).reduce(0) { $0 + rules[$1].table.count } }
    var watermark: Int64? { clock.latest == .min ? nil : clock.watermark }
    var latestTime: Int64? { clock.latest == .min ? nil : clock.latest }

    mutating func observe(_ batch: RecordBatch) {
        guard ruleCount > 0 else { return }
        inputs.prepare(batch)
        let reader = BatchReader(batch)
        withExtendedLifetime(batch) {
            for index in 0..<reader.count { observe(reader[index], reader) }
        }
    }

    @inline(__always)
    private mutating func observe(_ record: Record, _ reader: BatchReader) {
        inputs.next()
        switch clock.place(record) {
        case .at(let time):
            if clock.verdict != .open { settleHeld() }
            if clock.watermark >= due { evaluateBoundaries() }
            count(record, reader, at: time)
        case .late:
            if clock.verdict != .open { settleHeld() }
            late += 1
        case .held(let time):
            hold(record, reader, time)
        case .restart:
            restart()
            observeAgain(record, reader)
        }
    }

    private mutating func observeAgain(_ record: Record, _ reader: BatchReader) {
        if case .at(let time) = clock.place(record) { count(record, reader, at: time) }
    }

    @inline(__always)
    private mutating func count(_ record: Record, _ reader: BatchReader, at time: Int64) {
        for index in 0..<ruleCount {
            var contribution = Contribution()
            guard contributes(plans[index], record, reader, &contribution) else { continue }
            let key = inputs.key(plans[index].key, record, reader)
            rules[index].add(
                contribution, key: key.view, hash: key.hash, time: time, due: &due,
                into: &transitions)
        }
    }

    /// Whether a record concerns a rule, and what it adds.
    @inline(__always)
    private mutating func contributes(
        _ plan: RuleState.Plan, _ record: Record, _ reader: BatchReader,
        _ contribution: inout Contribution
    ) -> Bool {
        switch plan.test.kind {
        case .count: break
        case .errorRate:
            let request = inputs.request(record, reader)
            guard request.is else { return false }
            contribution.isPart = request.failed
        case .quantile:
            let value = inputs.number(plan.number, record, reader)
            guard !value.isNaN else { return false }
            contribution.isPart = plan.test.isPart(value)
            contribution.value = value
        }
        return plan.filter < 0 || inputs.matches(plan.filter, record, reader)
    }

    // MARK: Records held back

    private mutating func hold(_ record: Record, _ reader: BatchReader, _ time: Int64) {
        // A record that contradicts those held before it settles them, and is then the first held itself.
        if clock.verdict == .rejected { settleHeld() }
        var parts: [HeldPart] = []
        for index in 0..<ruleCount {
            var contribution = Contribution()
            guard contributes(plans[index], record, reader, &contribution) else { continue }
            let key = inputs.key(plans[index].key, record, reader)
            parts.append(
                HeldPart(rule: index, key: Array(key.view), contribution: contribution))
        }
        held.append(HeldRecord(time: time, parts: parts))
        if clock.verdict == .accepted { settleHeld() }
    }

    private mutating func settleHeld() {
        let isBelieved = clock.verdict == .accepted
        let records = held
        held.removeAll()
        for record in records {
            let time: Int64
            if isBelieved {
                guard let placed = clock.placeBelieved(record.time) else {
                    late += 1
                    continue
                }
                time = placed
                if clock.watermark >= due { evaluateBoundaries() }
            } else {
                time = max(clock.latest, clock.watermark)
            }
            for part in record.parts {
                part.key.withView { key in
                    rules[part.rule].add(
                        part.contribution, key: key, hash: key.memoryHash, time: time, due: &due,
                        into: &transitions)
                }
            }
        }
    }

    // MARK: Time

    private mutating func evaluateBoundaries() {
        let first = transitions.count
        for index in 0..<ruleCount {
            rules[index].advance(to: clock.watermark, into: &transitions)
        }
        sortByTime(from: first)
        findDue()
    }

    private mutating func findDue() {
        due = .max
        for index in 0..<ruleCount { due = min(due, rules[index].dueAt) }
    }

    /// Orders what one step of the watermark decided; transitions at the same time stay in the order of the rules.
    private mutating func sortByTime(from first: Int) {
        guard transitions.count > first + 1 else { return }
        let sorted = transitions[first...].enumerated().sorted {
            ($0.element.eventTime, $0.offset) < ($1.element.eventTime, $1.offset)
        }
        transitions.replaceSubrange(first..., with: sorted.map(\.element))
    }

    private mutating func restart() {
        let end = max(clock.latest, 0)
        for index in 0..<ruleCount { rules[index].reset(at: end, into: &transitions) }
        due = .max
    }

    mutating func advance(to time: Int64) {
        guard clock.latest != .min, time > clock.latest else { return }
        clock.advance(to: min(time, EventClock.timeMax))
        if clock.watermark >= due { evaluateBoundaries() }
    }

    mutating func finish() {
        // Nothing that follows contradicts what is held back.
        clock.acceptHeld()
        if !held.isEmpty { settleHeld() }
        guard clock.latest != .min else { return }
        let first = transitions.count
        var end = clock.latest
        for index in 0..<ruleCount {
            end = max(end, rules[index].finish(at: clock.latest, into: &transitions))
        }
        sortByTime(from: first)
        clock.seal(before: end)
        findDue()
    }

    func forEachActive(_ body: (AlertRule, AlertGroup.State, [String], Int64) -> Void) {
        for index in 0..<ruleCount {
            let rule = rules[index].rule
            rules[index].forEachActive { state, values, since in body(rule, state, values, since) }
        }
    }
}
