internal import LogBytes
internal import LogMetrics
internal import LogRecords

/// What one record adds to a rule's window.
struct Contribution: BitwiseCopyable {
    var counts = CountPair()
    var value = Double.nan
}

/// A rule at work: its groups, the slots of its window, what is decided.
///
/// The window is cut into slots of equal length on the grid of event time; it always ends at a boundary between two. Slots
/// are a thirtieth of the window long, but at least a second, and at most a minute where that means no more than 120 slots.
/// A boundary is evaluated when the watermark passes it. A condition that can only become truer as records come
/// (`firesOnRecord`) also fires at once, at the time of the record that makes the window around it true; boundaries decide
/// when it ends.
struct RuleState: ~Copyable {
    /// How the value comes out of a window.
    enum Kind: UInt8 {
        case count, errorRate, quantile
    }

    /// What the loop over records needs, in one cache line.
    struct Plan: BitwiseCopyable {
        var kind: Kind
        var filter: Int32
        var key: Int32
        var number: Int32
    }

    static let slotsMin: Int64 = 30
    static let slotsMax: Int64 = 120
    private static let slotMin = Timestamp.second
    private static let slotMax = 60 * Timestamp.second

    let rule: AlertRule
    let plan: Plan
    let slotLength: Int64
    let windowSlots: Int64
    private let firesOnRecord: Bool
    /// The matches in a window that make the condition true, where it fires on the record.
    private let needed: UInt64
    var table = GroupTable()
    /// The next slot whose end has not been evaluated.
    private var nextSlot = Int64.min
    private var activeCount = 0
    private(set) var refused: UInt64 = 0
    /// The slot of the last record and where it begins and ends, since most records fall into the same.
    private var slot: Int64 = 0
    private var slotStart: Int64 = 0
    private var slotEnd: Int64 = 0

    init(_ rule: AlertRule, inputs: inout RecordInputs) {
        self.rule = rule
        let condition = rule.condition
        let wanted = Self.slotCount(window: condition.window)
        windowSlots = wanted
        slotLength = condition.window / wanted
        firesOnRecord = condition.firesOnRecord
        let kind: Kind
        var number: Int32 = -1
        switch condition.measure {
        case .count, .rate: kind = .count
        case .errorRate: kind = .errorRate
        case .quantile(_, let field):
            kind = .quantile
            number = inputs.add(number: field)
        }
        plan = Plan(
            kind: kind, filter: condition.filter.map { inputs.add(filter: $0) } ?? -1,
            key: inputs.add(groupBy: condition.groupBy), number: number)
        needed = firesOnRecord ? Self.needed(condition) : .max
    }

    /// The number of slots of a window.
    static func slotCount(window: Int64) -> Int64 {
        if window < slotsMin * slotMin { return max(window / slotMin, 1) }
        return min(max(slotsMin, window / slotMax), slotsMax)
    }

    /// The least count that satisfies the condition.
    private static func needed(_ condition: Condition) -> UInt64 {
        let scale = condition.measure == .rate ? Double(condition.window) / 1e9 : 1
        let guess = (condition.threshold * scale).rounded(.down)
        guard guess < 1e18 else { return .max }
        var count = UInt64(max(guess - 1, 0))
        while !condition.comparison.holds(Double(count) / scale, condition.threshold) { count += 1 }
        return max(count, 1)
    }

    /// The watermark at which the next boundary is due.
    var dueAt: Int64 {
        // With no groups there is nothing to decide, whatever the time.
        guard table.count > 0 else { return .max }
        return (nextSlot + 1) * slotLength
    }

    // MARK: Records

    @inline(__always)
    private mutating func slot(at time: Int64) -> Int64 {
        if time < slotStart || time >= slotEnd {
            slot = Timestamp.floorDivide(time, slotLength)
            slotStart = slot * slotLength
            slotEnd = slotStart + slotLength
        }
        return slot
    }

    /// Adds a record's contribution to its group at `time`, which lies behind no evaluated boundary. `due` becomes the
    /// watermark at which the next boundary is due, when that is earlier.
    @inline(__always)
    mutating func add(
        _ contribution: Contribution, key: ByteView, hash: UInt64, time: Int64,
        due: inout Int64, into transitions: inout [AlertTransition]
    ) {
        let slot = slot(at: time)
        if table.count == 0 {
            nextSlot = max(nextSlot, slot - Self.reach(slotLength))
            due = min(due, (nextSlot + 1) * slotLength)
        }
        let number = table.group(key, hash: hash)
        guard number >= 0 else {
            refused += 1
            return
        }
        let group = table.groups + number
        if plan.kind == .quantile {
            group.pointee.values.withOpenSlot(slot) { $0.record(contribution.value) }
            return
        }
        group.pointee.counts.add(contribution.counts, slot: slot)
        guard firesOnRecord, group.pointee.state == .inactive else { return }
        if group.pointee.budget > 1 {
            group.pointee.budget -= 1
        } else {
            checkCrossing(number, slot, time, into: &transitions)
        }
    }

    /// The slots that a record may lie behind the newest one.
    private static func reach(_ slotLength: Int64) -> Int64 {
        EventClock.lateness / slotLength + 2
    }

    /// Looks whether a window that ends with `slot` or a later one in use has become true.
    private mutating func checkCrossing(
        _ number: Int, _ slot: Int64, _ time: Int64, into transitions: inout [AlertTransition]
    ) {
        let group = table.groups + number
        let newest = max(group.pointee.counts.newest ?? slot, slot)
        for last in slot...newest {
            let sum = group.pointee.counts.sum(endingAt: last, length: windowSlots).part
            guard sum >= needed else { continue }
            let eventTime = last == slot ? time : last * slotLength
            activate(number, at: eventTime, slot: last, value(count: sum), into: &transitions)
            return
        }
        // No window can hold more than all slots together.
        let held = group.pointee.counts.sum(endingAt: newest, length: 1 << 40).part
        group.pointee.budget = held < needed ? needed - held : 1
    }

    // MARK: Boundaries

    /// Evaluates all boundaries up to `watermark`, in order.
    mutating func advance(to watermark: Int64, into transitions: inout [AlertTransition]) {
        let last = Timestamp.floorDivide(watermark, slotLength) - 1
        // Groups of counts need boundaries only to end alerts and to be forgotten.
        let sweepSlots = max(windowSlots / 4, 1)
        while nextSlot <= last, table.count > 0 {
            if !firesOnRecord || activeCount > 0 || nextSlot % sweepSlots == 0 {
                evaluate(nextSlot, into: &transitions)
            }
            nextSlot += 1
        }
        nextSlot = max(nextSlot, last + 1)
    }

    /// Evaluates the boundary behind the slot that `time` falls into, and all before.
    mutating func finish(at time: Int64, into transitions: inout [AlertTransition]) -> Int64 {
        let end = (Timestamp.floorDivide(time, slotLength) + 1) * slotLength
        advance(to: end, into: &transitions)
        return end
    }

    private mutating func evaluate(_ slot: Int64, into transitions: inout [AlertTransition]) {
        var number = table.count - 1
        // Backwards, since removing a group moves the last one to its place.
        while number >= 0 {
            let group = table.groups + number
            let (value, holds) = closeWindow(number, slot)
            if group.pointee.state != .inactive || holds {
                step(number, slot, value, holds, into: &transitions)
            }
            if group.pointee.isIdle { table.remove(number) }
            number -= 1
        }
    }

    /// The value of a group over the window that ends with `slot`, and whether the condition holds.
    private func closeWindow(_ number: Int, _ slot: Int64) -> (value: Double, holds: Bool) {
        let group = table.groups + number
        let condition = rule.condition
        if plan.kind == .quantile {
            group.pointee.values.close(through: slot, length: windowSlots)
            guard case .quantile(let fraction, _) = condition.measure,
                let value = group.pointee.values.closed.quantile(fraction)
            else { return (0, false) }
            let isEnough = group.pointee.values.closed.count >= UInt64(condition.samplesMin)
            return (
                value, isEnough && condition.comparison.holds(value, condition.threshold)
            )
        }
        group.pointee.counts.close(through: slot, length: windowSlots)
        let sum = group.pointee.counts.closed
        // An empty window is no data, not a zero.
        guard sum.whole > 0 else { return (0, false) }
        let value =
            plan.kind == .count ? value(count: sum.part) : Double(sum.part) / Double(sum.whole)
        let isEnough = sum.whole >= UInt64(condition.samplesMin)
        return (value, isEnough && condition.comparison.holds(value, condition.threshold))
    }

    private func value(count: UInt64) -> Double {
        rule.condition.measure == .rate
            ? Double(count) / (Double(windowSlots * slotLength) / 1e9) : Double(count)
    }

    private mutating func step(
        _ number: Int, _ slot: Int64, _ value: Double, _ holds: Bool,
        into transitions: inout [AlertTransition]
    ) {
        let group = table.groups + number
        let boundary = (slot + 1) * slotLength
        switch group.pointee.state {
        case .inactive:
            activate(number, at: boundary, slot: slot, value, into: &transitions)
        case .pending, .firing:
            // What a record decided for a later window, earlier ones do not undo.
            if slot < group.pointee.activeSlot { return }
            if holds {
                guard group.pointee.state == .pending,
                    boundary - group.pointee.since >= rule.pendingDuration
                else { return }
                group.pointee.state = .firing
                emit(number, .firing, boundary, value, into: &transitions)
                return
            }
            if group.pointee.state == .firing {
                emit(number, .resolved, boundary, value, into: &transitions)
            }
            group.pointee.state = .inactive
            group.pointee.budget = 0
            activeCount -= 1
            if firesOnRecord { reactivate(number, after: slot, into: &transitions) }
        }
    }

    /// Fires again at once when the records behind the boundary suffice by themselves.
    private mutating func reactivate(
        _ number: Int, after slot: Int64, into transitions: inout [AlertTransition]
    ) {
        let group = table.groups + number
        guard let newest = group.pointee.counts.newest, newest > slot else { return }
        for last in slot + 1...newest {
            let sum = group.pointee.counts.sum(endingAt: last, length: windowSlots).part
            guard sum >= needed else { continue }
            activate(
                number, at: last * slotLength, slot: last, value(count: sum), into: &transitions)
            return
        }
    }

    private mutating func activate(
        _ number: Int, at time: Int64, slot: Int64, _ value: Double,
        into transitions: inout [AlertTransition]
    ) {
        let group = table.groups + number
        group.pointee.since = time
        group.pointee.activeSlot = slot
        activeCount += 1
        let isPending = rule.pendingDuration > 0
        group.pointee.state = isPending ? .pending : .firing
        emit(number, isPending ? .pending : .firing, time, value, into: &transitions)
    }

    /// Forgets all groups; firing alerts end at `time`.
    mutating func reset(at time: Int64, into transitions: inout [AlertTransition]) {
        for number in 0..<table.count where table.groups[number].state == .firing {
            emit(number, .resolved, time, 0, into: &transitions)
        }
        table.removeAll()
        activeCount = 0
        nextSlot = .min
    }

    // MARK: Alerts

    private func emit(
        _ number: Int, _ state: AlertState, _ time: Int64, _ value: Double,
        into transitions: inout [AlertTransition]
    ) {
        transitions.append(
            AlertTransition(
                rule: rule, state: state, groupValues: groupValues(number), value: value,
                startTime: table.groups[number].since, eventTime: time))
    }

    private func groupValues(_ number: Int) -> [String] {
        let key = table.keys.key(number)
        let count = rule.condition.groupBy.count
        if count == 1 { return [key.text] }
        var reader = ByteReader(key)
        // A key that was cut at its limit ends inside a value.
        return (0..<count).map { _ in (try? reader.lengthPrefixed("group"))?.text ?? "" }
    }

    /// Calls `body` with the state of every alert that is pending or firing.
    func forEachActive(_ body: (AlertGroup.State, [String], Int64) -> Void) {
        for number in 0..<table.count where table.groups[number].state != .inactive {
            body(table.groups[number].state, groupValues(number), table.groups[number].since)
        }
    }
}
