internal import LogBytes
internal import LogMetrics
internal import LogRecords

/// The loop over records and rules. A struct, so that the loop works on plain memory and not through class properties.
struct EngineCore: ~Copyable {
    let ruleCount: Int
    let rules: UnsafeMutablePointer<RuleState>
    private let plans: UnsafeMutablePointer<RulePlan>
    private var inputs: RecordInputs
    private var concerned: ConcernedRules
    private var pending = PendingRecords()
    /// For each group key of `inputs` the numbers of its values.
    private let keyNumbers: UnsafeMutablePointer<KeyNumbers>
    private let keyCount: Int
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
        concerned = ConcernedRules(
            Array(UnsafeBufferPointer(start: plans, count: ruleCount)), inputs)
        keyCount = inputs.keyCount
        keyNumbers = .allocate(capacity: max(keyCount, 1))
        for key in 0..<keyCount { (keyNumbers + key).initialize(to: KeyNumbers()) }
        hasAbsence = list.contains { $0.condition.measure == .absent }
    }

    deinit {
        rules.deinitialize(count: ruleCount)
        rules.deallocate()
        plans.deallocate()
        keyNumbers.deinitialize(count: keyCount)
        keyNumbers.deallocate()
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
            settlePending()
        }
    }

    @inline(__always)
    private mutating func observe(_ record: Record, _ reader: BatchReader) {
        inputs.next()
        switch clock.place(record) {
        case .at(let time):
            if clock.verdict != .open { settleHeld() }
            count(record, reader, at: time)
        case .late:
            if clock.verdict != .open { settleHeld() }
            late += 1
        case .held(let time):
            hold(record, reader, time)
        case .restart:
            restart()
            if case .at(let time) = clock.place(record) { count(record, reader, at: time) }
        }
    }

    // MARK: Records that count

    /// Finds out what a record adds to which rules, and lets it wait among others.
    ///
    /// Adding it at once would wait for memory in each of several steps: where is the group, what is in it, where is its slot.
    /// With some dozens of records at a time, each step asks for the memory of the next for all of them.
    @inline(__always)
    private mutating func count(_ record: Record, _ reader: BatchReader, at time: Int64) {
        concerned.find(inputs.terms(reader))
        for word in 0..<concerned.words {
            var rest = concerned.rules[word]
            while rest != 0 {
                let index = word << 6 + rest.trailingZeroBitCount
                rest &= rest &- 1
                var contribution = Contribution()
                guard
                    plans[index].contribute(
                        record, reader, &inputs, &contribution, &pending.further)
                else { continue }
                var key = pending.key(plans[index].key)
                if key < 0 {
                    let made = inputs.key(plans[index].key, record, reader)
                    key = pending.append(key: made.view, hash: made.hash, plans[index].key)
                }
                pending.touches.append(
                    PendingRecords.Touch(
                        rule: Int32(index), key: key, contribution: contribution))
            }
        }
        pending.append(
            time: time, watermark: clock.watermark,
            arrival: record.hasOwnTime ? .min : record.time)
        if pending.isFull { settlePending() }
    }

    /// Adds the records that wait, in their order.
    private mutating func settlePending() {
        guard pending.records.count > 0 else { return }
        numberKeys()
        let touches = pending.touches.base
        let count = pending.touches.count
        for index in 0..<count {
            rules[Int(touches[index].rule)].table.prefetchPlace(shared(touches[index]))
        }
        for index in 0..<count { locate(touches + index) }
        for index in 0..<count where touches[index].number >= 0 {
            rules[Int(touches[index].rule)].prefetchWindow(Int(touches[index].number))
        }
        for index in 0..<count where touches[index].contribution.operation.kind == .sample {
            guard touches[index].number >= 0 else { continue }
            rules[Int(touches[index].rule)].prefetchSamples(
                Int(touches[index].number), touches[index].contribution.operation)
        }
        var next = 0
        for index in 0..<pending.records.count {
            let record = pending.records[index]
            if record.watermark >= due {
                evaluateBoundaries(upTo: record.watermark)
                // Groups went, and others have their numbers.
                for rest in next..<count { locate(touches + rest) }
            }
            if hasAbsence { begin(at: record.time) }
            if record.arrival > record.time {
                for index in next..<Int(record.end) {
                    rules[Int(touches[index].rule)].noteTimeless(
                        at: record.time, arrival: record.arrival)
                }
            }
            while next < Int(record.end) {
                add(touches[next], at: record.time)
                next += 1
            }
        }
        pending.removeAll()
        for key in 0..<keyCount { keyNumbers[key].makeRoom() }
    }

    /// Gives the keys of the records that wait their numbers.
    @inline(__always)
    private mutating func numberKeys() {
        let keys = pending.keys.base
        let count = pending.keys.count
        for step in 0..<3 {
            for index in 0..<count {
                keyNumbers[Int(keys[index].index)].prefetch(hash: keys[index].hash, step: step)
            }
        }
        for index in 0..<count {
            let number = keyNumbers[Int(keys[index].index)].number(
                of: pending.bytes(of: keys[index]), hash: keys[index].hash)
            keys[index].shared = Int32(number)
        }
    }

    @inline(__always)
    private func shared(_ touch: PendingRecords.Touch) -> Int {
        Int(pending.keys[Int(touch.key)].shared)
    }

    @inline(__always)
    private func locate(_ touch: UnsafeMutablePointer<PendingRecords.Touch>) {
        let rule = rules + Int(touch.pointee.rule)
        let numbers = keyNumbers + Int(plans[Int(touch.pointee.rule)].key)
        let shared = shared(touch.pointee)
        let number = rule.pointee.table.locate(
            numbers.pointee.key(shared), shared: shared, generation: numbers.pointee.generation)
        touch.pointee.number = Int32(number)
        rule.pointee.table.prefetchGroup(max(number, 0))
    }

    @inline(__always)
    private mutating func add(_ touch: PendingRecords.Touch, at time: Int64) {
        let numbers = keyNumbers + Int(plans[Int(touch.rule)].key)
        let place = shared(touch)
        rules[Int(touch.rule)].add(
            touch.contribution, pending.further.base, to: Int(touch.number),
            key: numbers.pointee.key(place), time: time, due: &due,
            into: &transitions)
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
        var further = Vector<SlotOperation>(capacity: 1)
        for index in 0..<ruleCount {
            var contribution = Contribution()
            guard plans[index].contribute(record, reader, &inputs, &contribution, &further)
            else { continue }
            let key = inputs.key(plans[index].key, record, reader)
            parts.append(
                HeldRecord.Part(
                    rule: index, key: Array(key.view), contribution: contribution,
                    further: Array(further.buffer)))
            further.removeAll()
        }
        held.append(HeldRecord(time: time, parts: parts))
        if clock.verdict == .accepted { settleHeld() }
    }

    private mutating func settleHeld() {
        settlePending()
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
                if clock.watermark >= due { evaluateBoundaries(upTo: clock.watermark) }
            } else {
                time = max(clock.latest, clock.watermark)
            }
            if hasAbsence { begin(at: time) }
            for part in record.parts { add(part, at: time) }
        }
    }

    private mutating func add(_ part: HeldRecord.Part, at time: Int64) {
        pending.further.removeAll()
        for operation in part.further { pending.further.append(operation) }
        part.key.withView { key in
            let hash = key.memoryHash
            rules[part.rule].add(
                part.contribution, pending.further.base,
                to: rules[part.rule].table.find(key, hash: hash),
                key: (key, hash), time: time, due: &due, into: &transitions)
        }
    }

    // MARK: Time

    private mutating func evaluateBoundaries(upTo watermark: Int64) {
        let first = transitions.count
        for index in 0..<ruleCount {
            rules[index].advance(to: watermark, into: &transitions)
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
        settlePending()
        let end = max(clock.latest, 0)
        for index in 0..<ruleCount {
            rules[index].reset(
                at: end, because: "a line with a time of its own began the stream anew",
                into: &transitions)
        }
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
        if clock.watermark >= due { evaluateBoundaries(upTo: clock.watermark) }
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
        rules[index].reset(
            at: max(clock.latest, 0), because: AlertTransition.ruleIsGone, into: &transitions)
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
