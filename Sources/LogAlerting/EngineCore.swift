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
    private var pending = PendingRows()
    /// For each group key of `inputs` the rows that rules ask it of.
    private let keyRows: UnsafeMutablePointer<UInt64>
    private let keyCount: Int
    /// Event time between the first record that waits and the last: windows hold the slots of so much more.
    private static var pendingSpanMax: Int64 { 300 * Timestamp.second }
    private let hasAbsence: Bool
    var clock = EventClock()
    var held: [HeldRecord] = []
    /// The watermark at which some rule has a boundary to evaluate.
    var due = Int64.max
    var late: UInt64 = 0
    var transitions: [AlertTransition] = []

    init(_ list: [AlertRule], _ columns: FieldColumns) {
        ruleCount = list.count
        rules = .allocate(capacity: max(list.count, 1))
        plans = .allocate(capacity: max(list.count, 1))
        inputs = RecordInputs(columns: columns)
        for (index, rule) in list.enumerated() {
            (rules + index).initialize(to: RuleState(rule, inputs: &inputs))
            (plans + index).initialize(to: rules[index].plan)
        }
        inputs.freeze()
        keyCount = inputs.keyCount
        keyRows = .allocate(capacity: max(keyCount, 1))
        keyRows.initialize(repeating: 0, count: keyCount)
        concerned = ConcernedRules(
            Array(UnsafeBufferPointer(start: plans, count: ruleCount)), inputs)
        hasAbsence = list.contains { $0.condition.measure == .absent }
    }

    deinit {
        rules.deinitialize(count: ruleCount)
        rules.deallocate()
        plans.deallocate()
        keyRows.deallocate()
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
            var first = 0
            while first < reader.count {
                let count = inputs.load(from: first, reader)
                for row in 0..<count { observe(row, reader[first + row], reader) }
                settlePending(reader)
                first += count
            }
        }
    }

    @inline(__always)
    private mutating func observe(_ row: Int, _ record: Record, _ reader: BatchReader) {
        switch clock.place(record) {
        case .at(let time):
            if clock.verdict != .open { settleHeld(reader) }
            count(row, record, reader, at: time)
        case .late:
            if clock.verdict != .open { settleHeld(reader) }
            late += 1
        case .held(let time):
            hold(row, reader, time)
        case .restart:
            settlePending(reader)
            restart()
            if case .at(let time) = clock.place(record) { count(row, record, reader, at: time) }
        }
    }

    // MARK: Records that count

    /// Lets a record wait among others.
    @inline(__always)
    private mutating func count(
        _ row: Int, _ record: Record, _ reader: BatchReader, at time: Int64
    ) {
        let watermark = clock.watermark
        if pending.rows != 0,
            watermark.minusClamped(pending.firstWatermark) > Self.pendingSpanMax
        {
            settlePending(reader)
        }
        pending.append(
            row, time: time, watermark: watermark,
            arrival: record.hasOwnTime ? .min : record.time)
    }

    /// Adds the records that wait.
    ///
    /// What comes of it is what would come of each record by itself, in their order: boundaries up to its watermark are evaluated,
    /// then it is added to all rules. But most additions change nothing that anybody looks at before all of them are made. A
    /// boundary looks at slots before its watermark only, and no record that comes after it falls into those; a condition that
    /// fires on a record is looked at when so many came that it can have become true. These are added first, rule by rule, and
    /// only the others then record by record.
    ///
    /// Adding at once would wait for memory in each of several steps: where is the group, what is in it, where is its slot. Where
    /// a rule has many groups, each step asks for the memory of the next for all records.
    private mutating func settlePending(_ reader: BatchReader) {
        guard pending.rows != 0 else { return }
        if pending.firstWatermark >= due { evaluateBoundaries(upTo: pending.firstWatermark) }
        concerned.find(inputs.openTerms)
        for word in 0..<concerned.words {
            var rest = concerned.rules[word]
            while rest != 0 {
                select(word << 6 + rest.trailingZeroBitCount, reader)
                rest &= rest &- 1
            }
        }
        // All groups of a key are looked up together, whichever rules ask for them.
        for key in 0..<keyCount where keyRows[key] != 0 {
            _ = inputs.groups(Int32(truncatingIfNeeded: key), of: keyRows[key], reader)
            keyRows[key] = 0
        }
        for index in 0..<pending.selected.count {
            touch(pending.selected[index].rule, pending.selected[index].rows, reader)
        }
        locateGroups()
        for index in 0..<pending.runs.count { addRun(pending.runs[index]) }
        if pending.ordered.count > 0 || hasAbsence || pending.lastWatermark >= due {
            addOrdered()
        }
        pending.removeAll()
    }

    /// Finds the rows that concern a rule.
    @inline(__always)
    private mutating func select(_ rule: Int, _ reader: BatchReader) {
        let rows = concerned(pending.rows, rule, reader)
        if rows == 0 { return }
        pending.selected.append(PendingRows.Selected(rule: rule, rows: rows))
        keyRows[Int(plans[rule].key)] |= rows
    }

    /// Those of `rows` that concern a rule.
    @inline(__always)
    private mutating func concerned(
        _ rows: UInt64, _ rule: Int, _ reader: BatchReader
    ) -> UInt64 {
        let plan = plans + rule
        var rows = rows
        if plan.pointee.filter >= 0 {
            rows = inputs.matching(plan.pointee.filter, among: rows, reader)
        }
        if rows == 0 || plan.pointee.source == .record { return rows }
        return plan.pointee.concerned(rows, reader, &inputs)
    }

    /// Finds out what rows that concern a rule add to it.
    private mutating func touch(_ rule: Int, _ rows: UInt64, _ reader: BatchReader) {
        let plan = plans + rule
        let groups = inputs.groups(plan.pointee.key, of: rows, reader)
        let start = pending.touches.count
        pending.touches.reserve(rows.nonzeroBitCount)
        let touches = pending.touches.base + start
        var count = 0
        plan.pointee.contribute(rows, reader, &inputs, &pending.further) { row, contribution in
            touches[count] = PendingRows.Touch(
                rule: Int32(truncatingIfNeeded: rule), row: Int32(truncatingIfNeeded: row),
                group: groups[row], contribution: contribution)
            count += 1
        }
        pending.touches.advance(count)
        if count > 0 {
            pending.runs.append(PendingRows.Run(rule: rule, start: start, end: start + count))
        }
    }

    private func locateGroups() {
        let touches = pending.touches.base
        for index in 0..<pending.runs.count {
            let run = pending.runs[index]
            guard rules[run.rule].hasManyGroups else { continue }
            for place in run.start..<run.end {
                rules[run.rule].table.prefetchPlace(Int(touches[place].group))
            }
        }
        for index in 0..<pending.runs.count {
            let run = pending.runs[index]
            for place in run.start..<run.end { locate(touches + place) }
        }
        for index in 0..<pending.runs.count {
            let run = pending.runs[index]
            guard rules[run.rule].hasManyGroups else { continue }
            for place in run.start..<run.end where touches[place].number >= 0 {
                rules[run.rule].prefetchWindow(Int(touches[place].number))
            }
        }
        for index in 0..<pending.runs.count {
            let run = pending.runs[index]
            guard rules[run.rule].hasManyGroups, plans[run.rule].source == .ranked else {
                continue
            }
            for place in run.start..<run.end where touches[place].number >= 0 {
                rules[run.rule].prefetchSamples(
                    Int(touches[place].number), touches[place].contribution.operation)
            }
        }
    }

    @inline(__always)
    private func locate(_ touch: UnsafeMutablePointer<PendingRows.Touch>) {
        let rule = Int(touch.pointee.rule)
        let numbers = inputs.numbering(plans[rule].key)
        let group = Int(touch.pointee.group)
        let number = rules[rule].table.locate(
            numbers.pointee.key(group), shared: group, generation: numbers.pointee.generation)
        touch.pointee.number = Int32(truncatingIfNeeded: number)
        if rules[rule].hasManyGroups { rules[rule].table.prefetchGroup(max(number, 0)) }
    }

    /// Adds the touches of a rule for which the order of rows is of no account, and puts the others into `ordered`.
    private mutating func addRun(_ run: PendingRows.Run) {
        let rule = rules + run.rule
        if pending.hasTimeless || !rule.pointee.isOrderFree {
            for place in run.start..<run.end { pending.ordered.append(Int32(place)) }
            return
        }
        let touches = pending.touches.base
        let numbers = inputs.numbering(plans[run.rule].key)
        for place in run.start..<run.end {
            let touch = touches + place
            if rule.pointee.firesOnRecord, !rule.pointee.isQuiet(Int(touch.pointee.number)) {
                pending.ordered.append(Int32(truncatingIfNeeded: place))
                continue
            }
            add(touch, numbers)
        }
    }

    /// Adds the touches in `ordered`, row by row, and evaluates the boundaries between.
    private mutating func addOrdered() {
        let touches = pending.touches.base
        let ordered = pending.sortOrdered()
        var next = 0
        var rest = pending.rows
        while rest != 0 {
            let row = rest.trailingZeroBitCount
            rest &= rest &- 1
            let time = pending.times[row]
            if pending.watermarks[row] >= due {
                evaluateBoundaries(upTo: pending.watermarks[row])
                // Groups went, and others have their numbers.
                for later in next..<ordered.count { locate(touches + Int(ordered[later])) }
            }
            if hasAbsence { begin(at: time) }
            while next < ordered.count {
                let touch = touches + Int(ordered[next])
                guard Int(touch.pointee.row) == row else { break }
                next += 1
                let rule = Int(touch.pointee.rule)
                if pending.arrivals[row] > time {
                    rules[rule].noteTimeless(at: time, arrival: pending.arrivals[row])
                }
                add(touch, inputs.numbering(plans[rule].key))
            }
        }
    }

    /// Adds a touch to its rule, where groups have `numbers`.
    @inline(__always)
    private mutating func add(
        _ touch: UnsafeMutablePointer<PendingRows.Touch>,
        _ numbers: UnsafeMutablePointer<KeyNumbers>
    ) {
        let rule = rules + Int(touch.pointee.rule)
        let number = rule.pointee.add(
            touch.pointee.contribution, pending.further.base, to: Int(touch.pointee.number),
            key: numbers.pointee.key(Int(touch.pointee.group)),
            time: pending.times[Int(touch.pointee.row)], due: &due, into: &transitions)
        if touch.pointee.number < 0, number >= 0 {
            rule.pointee.table.note(
                number, Int(touch.pointee.group), numbers.pointee.generation)
        }
    }

    /// Rules that wait for records count from the first one of the stream, whichever it is.
    @inline(never)
    private mutating func begin(at time: Int64) {
        for index in 0..<ruleCount { rules[index].begin(at: time, due: &due) }
    }

    // MARK: Records held back

    private mutating func hold(_ row: Int, _ reader: BatchReader, _ time: Int64) {
        // A record that contradicts those held before it settles them, and is then the first held itself.
        if clock.verdict == .rejected { settleHeld(reader) }
        // Those that wait are added before what is held is, by their touches, which must not be mixed with these.
        settlePending(reader)
        for rule in 0..<ruleCount {
            let rows = concerned(1 << UInt64(row), rule, reader)
            if rows != 0 { touch(rule, rows, reader) }
        }
        let parts = pending.touches.buffer.map { touch in
            let contribution = touch.contribution
            let start = Int(contribution.furtherStart)
            let key = inputs.numbering(plans[Int(touch.rule)].key).pointee.key(Int(touch.group))
            return HeldRecord.Part(
                rule: Int(touch.rule), key: Array(key.view), contribution: contribution,
                further: (start..<start + Int(contribution.furtherCount)).map {
                    pending.further[$0]
                })
        }
        pending.removeTouches()
        held.append(HeldRecord(time: time, parts: parts))
        if clock.verdict == .accepted { settleHeld() }
    }

    private mutating func settleHeld(_ reader: BatchReader) {
        settlePending(reader)
        settleHeld()
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
            let start = transitions.count
            rules[index].advance(to: watermark, into: &transitions)
            sortByGroup(from: start)
        }
        sortByTime(from: first)
        findDue()
    }

    /// Orders what one rule decided at the same time by group: the order of its groups depends on when they were forgotten.
    private mutating func sortByGroup(from first: Int) {
        guard transitions.count > first + 1 else { return }
        let sorted = transitions[first...].enumerated().sorted { left, right in
            if left.element.eventTime != right.element.eventTime {
                return left.element.eventTime < right.element.eventTime
            }
            if left.element.fingerprint != right.element.fingerprint {
                return left.element.fingerprint < right.element.fingerprint
            }
            return left.offset < right.offset
        }
        transitions.replaceSubrange(first..., with: sorted.map(\.element))
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
            let start = transitions.count
            end = max(end, rules[index].finish(at: clock.latest, into: &transitions))
            sortByGroup(from: start)
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
