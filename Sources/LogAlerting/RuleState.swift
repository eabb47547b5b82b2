internal import LogBytes
internal import LogMetrics
internal import LogRecords

/// A rule at work: its groups, the slots of their windows, what is decided.
///
/// A boundary between two slots (`RuleSlots`) is evaluated when the watermark passes it. A condition that can only become
/// truer as records come (`firesOnRecord`) also fires at once, at the time of the record that makes the window around it
/// true; boundaries decide when it ends.
///
/// Most groups are quiet most of the time: no alert, and no record in the window that could lead to one. Such a group
/// sleeps. Boundaries pass it by, and its window is brought up to date when it wakes. A sweep comes every quarter of a
/// window and forgets the groups that hold nothing.
struct RuleState: ~Copyable {
    /// A group whose records stay away, and whose rule waits for them, is forgotten after a day: what was taken out of
    /// service would be missed for ever.
    static let absentGroupKept = Timestamp.day

    let rule: AlertRule
    let plan: RulePlan
    let layout: WindowLayout
    let slots: RuleSlots
    let sweepSlots: Int64
    /// See `horizon(_:_:sweepSlots:)`.
    let horizon: Int64
    /// How values come out of a window: one, or one for each aggregate of the expression.
    let readings: [RuleReading]
    let expression: RuleExpression?
    let firesOnRecord: Bool
    let hasActiveIntervals: Bool
    let evaluationsOf: Int
    let samplesMin: UInt64
    /// Whether twice the time means twice the value.
    let scalesWithTime: Bool
    /// Counters without whose records the condition cannot begin to hold.
    let wakeMask: UInt32
    /// For conditions on counts that fire on the record: the count that each level needs, the least first.
    let needed: [UInt64]
    /// The watermark stands at most so many slots behind the latest record's.
    private let lateSlots: Int64
    var firstSeen: FirstSeen
    var table: GroupTable
    /// The next slot whose end has not been evaluated.
    var nextSlot = Int64.min
    var refused: UInt64 = 0
    /// The last record without a time of its own that counted: at which event time, and the arrival under which it is stored.
    var timeless = (time: Int64.min, arrival: Int64.min)
    /// The slot of the last record and where it begins and ends, since most records fall into the same.
    private var slot: Int64 = 0
    private var slotStart: Int64 = 0
    private var slotEnd: Int64 = 0

    init(_ rule: AlertRule, inputs: inout RecordInputs) {
        self.rule = rule
        let condition = rule.condition
        let baseline = rule.levels.map(\.limit.baseline).max() ?? 0
        slots = RuleSlots(condition, baseline: baseline, interval: rule.interval)
        sweepSlots = max(slots.window / 4 / slots.stride, 1) * slots.stride
        horizon = Self.horizon(rule, slots, sweepSlots: sweepSlots)
        firesOnRecord = rule.firesOnRecord
        hasActiveIntervals = !rule.activeTimeIntervals.isEmpty
        evaluationsOf = rule.evaluationsOf
        let planner = RulePlanner(rule, slots, hasBaseline: baseline > 0, inputs: &inputs)
        plan = planner.plan
        readings = planner.readings
        wakeMask = planner.wakeMask
        scalesWithTime = planner.scalesWithTime
        needed = firesOnRecord ? planner.needed : []
        layout = planner.layout
        if case .expression(let expression) = condition.measure {
            self.expression = expression
        } else {
            expression = nil
        }
        samplesMin = UInt64(max(condition.samplesMin, 1))
        lateSlots = (EventClock.lateness + slots.length - 1) / slots.length
        firstSeen = FirstSeen(memory: condition.memory, learning: condition.learning)
        table = GroupTable(levelCount: rule.levels.count)
    }

    deinit {
        for number in 0..<table.count { table.groups[number].window.destroy(layout) }
        plan.destroy()
        layout.destroy()
    }

    /// Whether `time` lies in the intervals in which the rule is of account.
    func isActive(_ time: Int64) -> Bool {
        !hasActiveIntervals || rule.activeTimeIntervals.contains { $0.contains(time) }
    }

    /// Whether the condition is that nothing comes.
    var isAbsence: Bool { rule.condition.measure == .absent }

    /// The watermark at which the next boundary is due.
    var dueAt: Int64 {
        // With no groups there is nothing to decide, whatever the time.
        guard table.count > 0 else { return .max }
        return ((table.awakeCount > 0 ? nextStop : nextSweep) + 1) * slots.length
    }

    // MARK: Records

    @inline(__always)
    private mutating func slot(at time: Int64) -> Int64 {
        if time < slotStart || time >= slotEnd {
            slot = Timestamp.floorDivide(time, slots.length)
            slotStart = slot * slots.length
            slotEnd = slotStart + slots.length
        }
        return slot
    }

    /// Whether records may be added before boundaries that lie between them are evaluated (`EngineCore.settlePending`). What is
    /// seen for the first time, and when a group was there last, depends on their order; and who is refused when there are too
    /// many groups does.
    var isOrderFree: Bool {
        plan.source != .firstSeen && !isAbsence
            && table.count + RecordInputs.rowsMax <= GroupTable.groupsMax
    }

    /// Whether none of the records that are added together can make the condition of a group true, and no boundary between them
    /// can decide anything about it.
    @inline(__always)
    func isQuiet(_ number: Int) -> Bool {
        number >= 0 && !table.groups[number].isAwake
            && table.groups[number].budget > UInt32(RecordInputs.rowsMax)
    }

    /// Whether groups are too many to be found in the nearest memory.
    @inline(__always)
    var hasManyGroups: Bool { table.count > 128 }

    /// Adds a record's contribution to its group at `time`, which lies behind no evaluated boundary. `number` is the group's,
    /// −1 where it was not there when somebody looked. `due` becomes the watermark at which the next boundary is due, when that is earlier.
    /// Returns the number of the group, −1 where the record was not added to one.
    @inline(__always) @discardableResult
    mutating func add(
        _ contribution: Contribution, _ further: UnsafePointer<SlotOperation>, to number: Int,
        key: @autoclosure () -> (view: ByteView, hash: UInt64), time: Int64, due: inout Int64,
        into transitions: inout [AlertTransition]
    ) -> Int {
        if plan.source == .firstSeen,
            !firstSeen.see(
                contribution.operation.bits, group: contribution.group, at: time)
        {
            return -1
        }
        let slot = slot(at: time)
        var number = number
        if number < 0 {
            number = findGroup(key(), slot, &due)
            if number < 0 { return -1 }
        }
        let group = table.groups + number
        // The next boundary that can decide anything looks back no further. While all groups sleep that is the first one behind
        // the watermark, since those before it are left out; else the next one, which may lie before the watermark: a record
        // that was held back counts before the boundaries up to its successor are evaluated.
        let place = group.pointee.window.open(
            slot,
            outdated: (table.awakeCount > 0 ? nextSlot : max(nextSlot, slot - lateSlots))
                - slots.window - slots.baseline, layout)
        group.pointee.window.count(contribution.counters, at: place, number: slot, layout)
        var isMore = true
        if contribution.operation.kind != .none {
            let words = group.pointee.window.slot(place, layout)
            isMore = Self.apply(contribution.operation, time, words)
        }
        if contribution.furtherCount > 0 {
            let words = group.pointee.window.slot(place, layout)
            for index in 0..<Int(contribution.furtherCount) {
                _ = Self.apply(
                    further[Int(contribution.furtherStart) + index], time, words)
            }
        }
        if !firesOnRecord {
            if contribution.counters & wakeMask != 0 { wake(number, slot, due: &due) }
        } else if isMore || samplesMin > 1, !group.pointee.holdsAll {
            // Where a number of records is asked for, any of them can be the one that completes it.
            if group.pointee.budget > 1 {
                group.pointee.budget -= 1
            } else {
                checkCrossing(number, slot, time, into: &transitions)
                due = min(due, dueAt)
            }
        }
        return number
    }

    /// Says that a record counts at `time` and is stored under another one, that of its arrival.
    @inline(never)
    mutating func noteTimeless(at time: Int64, arrival: Int64) {
        timeless = (time, max(timeless.arrival, arrival))
    }

    /// Asks for the slot of group `number` to which `add` is likely to add.
    @inline(__always)
    func prefetchWindow(_ number: Int) {
        table.groups[number].window.prefetchNewest(layout)
    }

    /// Asks for the histogram to which `operation` is likely to add.
    @inline(__always)
    func prefetchSamples(_ number: Int, _ operation: SlotOperation) {
        let window = table.groups[number].window
        guard window.count > 0 else { return }
        let slot = window.slot(window.place(Int(window.count) - 1), layout)
        GroupWindow.histogram(slot, Int(operation.word)).pointee.prefetch()
    }

    /// Finds or makes a group that was not there when somebody looked.
    @inline(never)
    private mutating func findGroup(
        _ key: (view: ByteView, hash: UInt64), _ slot: Int64, _ due: inout Int64
    ) -> Int {
        let number = table.find(key.view, hash: key.hash)
        return number >= 0 ? number : makeGroup(key.view, key.hash, slot, &due)
    }

    private mutating func makeGroup(
        _ key: ByteView, _ hash: UInt64, _ slot: Int64, _ due: inout Int64
    ) -> Int {
        let isFirst = table.count == 0
        let number = table.insert(key, hash: hash, layout)
        guard number >= 0 else {
            refused += 1
            return -1
        }
        if isAbsence {
            table.remember(number).pointee.firstSlot = slot
            table.remember(number).pointee.lastSlot = slot
        }
        if isFirst {
            nextSlot = max(nextSlot, slot - lateSlots - 1)
            due = min(due, dueAt)
        }
        return number
    }

    /// Makes the one group of a rule that waits for records and does not part them: it is there before any of them.
    mutating func begin(at time: Int64, due: inout Int64) {
        guard isAbsence, rule.condition.groupBy.isEmpty, table.count == 0 else { return }
        let number = makeGroup(
            .empty, ByteView.empty.memoryHash, Timestamp.floorDivide(time, slots.length), &due)
        if number >= 0 { wake(number, 0, due: &due) }
    }

    /// Puts a value where it belongs; false when that cannot make a condition truer.
    @inline(__always)
    private static func apply(
        _ operation: SlotOperation, _ time: Int64, _ slot: UnsafeMutablePointer<UInt64>
    ) -> Bool {
        let word = Int(operation.word)
        switch operation.kind {
        case .none: return true
        case .sample: addSample(operation.value, slot, word)
        case .sum:
            slot[word] = (Double(bitPattern: slot[word]) + operation.value).bitPattern
        case .minimum:
            guard operation.value < Double(bitPattern: slot[word]) else { return false }
            slot[word] = operation.bits
        case .maximum:
            guard operation.value > Double(bitPattern: slot[word]) else { return false }
            slot[word] = operation.bits
        case .last:
            guard time >= Int64(bitPattern: slot[word]) else { return false }
            slot[word] = UInt64(bitPattern: time)
            slot[word + 1] = operation.bits
        case .insert: return insert(operation.bits, slot, word)
        }
        return true
    }

    @inline(__always)
    private static func addSample(
        _ value: Double, _ slot: UnsafeMutablePointer<UInt64>, _ word: Int
    ) {
        let count = slot[word]
        slot[word] = count &+ 1
        switch count {
        case 0: slot[word + 1] = value.bitPattern
        case 1: slot[word + 2] = value.bitPattern
        default: GroupWindow.histogram(slot, word).pointee.record(value)
        }
    }

    @inline(never)
    private static func insert(
        _ hash: UInt64, _ slot: UnsafeMutablePointer<UInt64>, _ word: Int
    ) -> Bool {
        if let set = GroupWindow.set(slot, word) { return set.insert(hash) }
        let set = ValueSet()
        set.insert(hash)
        GroupWindow.setSet(set, slot, word)
        return true
    }

    @inline(__always)
    private mutating func wake(_ number: Int, _ slot: Int64, due: inout Int64) {
        if isAbsence {
            let memory = table.remember(number)
            memory.pointee.lastSlot = max(memory.pointee.lastSlot, slot)
        }
        if table.groups[number].isAwake { return }
        table.wake(number)
        // Boundaries that were left out while all slept are evaluated first; nothing can come of them.
        due = min(due, dueAt)
    }

    /// Whether the boundaries to come may change the state of a group without another record.
    func mayChange(_ number: Int) -> Bool {
        let group = table.groups + number
        if group.pointee.state != .inactive || isAbsence { return true }
        if firesOnRecord { return false }
        if layout.hasBaseline { return !group.pointee.window.isEmpty }
        if evaluationsOf > 1 {
            for level in 0..<table.levelCount where table.level(number, level).history != 0 {
                return true
            }
        }
        return group.pointee.window.holds(wakeMask, layout)
    }

    /// Whether nothing is known of a group that is worth keeping.
    func isIdle(_ number: Int, _ slot: Int64) -> Bool {
        let group = table.groups + number
        if isAbsence {
            guard !rule.condition.groupBy.isEmpty else { return false }
            return slot - table.memory(number).lastSlot > Self.absentGroupKept / slots.length
        }
        return group.pointee.window.isEmpty && group.pointee.state == .inactive
            && !mayChange(number)
    }

    // MARK: Alerts

    func emit(
        _ number: Int, _ state: AlertState, _ time: Int64, level: Int, value: Double,
        endCause: String? = nil, into transitions: inout [AlertTransition]
    ) {
        let since = table.memory(number).since
        let isTimelessPart = timeless.time >= since.minusClamped(rule.condition.window)
        transitions.append(
            AlertTransition(
                rule: rule, level: level, state: state, groupValues: groupValues(number),
                value: value, threshold: threshold(number, level: level),
                startTime: since, eventTime: time,
                linesEnd: isTimelessPart ? timeless.arrival.plusClamped(Timestamp.second) : .min,
                endCause: endCause))
    }

    private func groupValues(_ number: Int) -> [String] {
        let key = table.keys.key(number)
        let count = rule.condition.groupBy.count
        if count == 1 { return [key.text] }
        var reader = ByteReader(key)
        // A key that was cut at its limit ends inside a value.
        return (0..<count).map { _ in (try? reader.lengthPrefixed("group"))?.text ?? "" }
    }

    /// Calls `body` with the state of every alert that is pending or firing: its level, the values of its group, when it
    /// began.
    func forEachActive(_ body: (AlertGroup.State, Int, [String], Int64) -> Void) {
        for number in 0..<table.count where table.groups[number].state != .inactive {
            let group = table.groups[number]
            body(
                group.state, max(Int(group.level), 0), groupValues(number),
                table.memory(number).since)
        }
    }
}
