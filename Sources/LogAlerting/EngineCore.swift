internal import LogBytes
internal import LogMetrics
internal import LogRecords

/// The loop over records and rules. A struct, so that the loop works on plain memory and not through class properties.
struct EngineCore: ~Copyable {
    let ruleCount: Int
    let rules: UnsafeMutablePointer<RuleState>
    private let plans: UnsafeMutablePointer<RulePlan>
    private var inputs: RecordInputs
    private var further = Vector<SlotOperation>(capacity: 16)
    private let hasAbsence: Bool
    var clock = EventClock()
    var held: [HeldRecord] = []
    /// The watermark at which some rule has a boundary to evaluate.
    var due = Int64.max
    var late: UInt64 = 0
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
        hasAbsence = list.contains { $0.condition.measure == .absent }
    }

    deinit {
        rules.deinitialize(count: ruleCount)
        rules.deallocate()
        plans.deallocate()
    }

    var refused: UInt64 { (0..<ruleCount).reduce(0) { $0 + rules[$1].refused } }
    var refusedValues: UInt64 {
        (0..<ruleCount).reduce(0) { $0 + rules[$1].firstSeen.refused }
    }
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
        if hasAbsence { begin(at: time) }
        further.removeAll()
        for index in 0..<ruleCount {
            var contribution = Contribution()
            guard
                plans[index].contribute(record, reader, &inputs, &contribution, &further)
            else { continue }
            let key = inputs.key(plans[index].key, record, reader)
            rules[index].add(
                contribution, further.base, key: key.view, hash: key.hash, time: time, due: &due,
                into: &transitions)
        }
    }

    /// Rules that wait for records count from the first one of the stream, whichever it is.
    @inline(never)
    private mutating func begin(at time: Int64) {
        for index in 0..<ruleCount { rules[index].begin(at: time, due: &due) }
    }

    // MARK: Records held back

    private mutating func hold(_ record: Record, _ reader: BatchReader, _ time: Int64) {
        // A record that contradicts those held before it settles them, and is then the first held itself.
        if clock.verdict == .rejected { settleHeld() }
        var parts: [HeldRecord.Part] = []
        for index in 0..<ruleCount {
            var contribution = Contribution()
            further.removeAll()
            guard plans[index].contribute(record, reader, &inputs, &contribution, &further)
            else { continue }
            let key = inputs.key(plans[index].key, record, reader)
            parts.append(
                HeldRecord.Part(
                    rule: index, key: Array(key.view), contribution: contribution,
                    further: Array(further.buffer)))
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
            if hasAbsence { begin(at: time) }
            for part in record.parts { add(part, at: time) }
        }
    }

    private mutating func add(_ part: HeldRecord.Part, at time: Int64) {
        further.removeAll()
        for operation in part.further { further.append(operation) }
        part.key.withView { key in
            rules[part.rule].add(
                part.contribution, further.base, key: key, hash: key.memoryHash, time: time,
                due: &due, into: &transitions)
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

    mutating func findDue() {
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
        if clock.latest == .min {
            // Nothing came yet: those who wait for records begin to.
            guard hasAbsence else { return }
            clock.begin(at: min(time, EventClock.timeMax))
            begin(at: clock.latest)
            return
        }
        guard time > clock.latest else { return }
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

    /// Ends the firing alerts of a rule that is gone.
    mutating func end(_ index: Int) {
        rules[index].reset(at: max(clock.latest, 0), into: &transitions)
    }

    /// The rules.
    var ruleList: [AlertRule] { (0..<ruleCount).map { rules[$0].rule } }

    func forEachActive(_ body: (AlertRule, Int, AlertGroup.State, [String], Int64) -> Void) {
        for index in 0..<ruleCount {
            let rule = rules[index].rule
            rules[index].forEachActive { state, level, values, since in
                body(rule, level, state, values, since)
            }
        }
    }
}

/// A record that is held back, by what it would add to the rules.
struct HeldRecord {
    struct Part {
        let rule: Int
        let key: [UInt8]
        let contribution: Contribution
        let further: [SlotOperation]
    }

    let time: Int64
    var parts: [Part]
}
