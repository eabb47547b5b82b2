internal import LogBytes
internal import LogMetrics
internal import LogRecords

/// What one record adds to a rule's window.
struct Contribution: BitwiseCopyable {
    /// Whether it counts as part of the whole: a match, a failure, a value beyond the threshold.
    var isPart = true
    /// Its value, for rules on quantiles.
    var value = Double.nan
}

/// A rule at work: its groups, the slots of its window, what is decided.
///
/// The window is cut into slots of equal length on the grid of event time; it always ends at a boundary between two. Slots
/// are a thirtieth of the window long, but at least a second, and at most a minute where that means no more than 120 slots.
/// A boundary is evaluated when the watermark passes it. A condition that can only become truer as records come
/// (`firesOnRecord`) also fires at once, at the time of the record that makes the window around it true; boundaries decide
/// when it ends.
///
/// Most groups are quiet most of the time: no alert, and no record in the window that could lead to one. Such a group
/// sleeps. Boundaries pass it by, and its window is brought up to date when it wakes or at the next sweep, which comes
/// every quarter of a window and forgets the groups that hold nothing.
struct RuleState: ~Copyable {
    /// What the loop over records needs, in one cache line.
    struct Plan: BitwiseCopyable {
        let test: WindowTest
        let filter: Int32
        let key: Int32
        let number: Int32
    }

    static let slotsMin: Int64 = 30
    static let slotsMax: Int64 = 120
    private static let slotMin = Timestamp.second
    private static let slotMax = 60 * Timestamp.second

    let rule: AlertRule
    let plan: Plan
    let slotLength: Int64
    let windowSlots: Int64
    let sweepSlots: Int64
    let firesOnRecord: Bool
    /// The matches in a window that make the condition true, where it fires on the record.
    let needed: UInt64
    /// The watermark stands at most so many slots behind the latest record's.
    private let lateSlots: Int64
    private let keepsSamples: Bool
    private let holdsWithoutPart: Bool
    var table: GroupTable
    /// The next slot whose end has not been evaluated.
    var nextSlot = Int64.min
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
        sweepSlots = max(wanted / 4, 1)
        slotLength = condition.window / wanted
        firesOnRecord = condition.firesOnRecord
        let test = WindowTest(condition)
        var number: Int32 = -1
        if case .quantile(_, let field) = condition.measure { number = inputs.add(number: field) }
        plan = Plan(
            test: test, filter: condition.filter.map { inputs.add(filter: $0) } ?? -1,
            key: inputs.add(groupBy: condition.groupBy), number: number)
        needed = firesOnRecord ? test.least : .max
        lateSlots = (EventClock.lateness + slotLength - 1) / slotLength
        keepsSamples = test.kind == .quantile
        holdsWithoutPart = test.holdsWithoutPart
        table = GroupTable(keepsSamples: keepsSamples)
    }

    /// The number of slots of a window.
    static func slotCount(window: Int64) -> Int64 {
        if window < slotsMin * slotMin { return max(window / slotMin, 1) }
        return min(max(slotsMin, window / slotMax), slotsMax)
    }

    /// The watermark at which the next boundary is due.
    var dueAt: Int64 {
        // With no groups there is nothing to decide, whatever the time.
        guard table.count > 0 else { return .max }
        return ((table.awakeCount > 0 ? nextSlot : nextSweep) + 1) * slotLength
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
        let isFirst = table.count == 0
        if isFirst { nextSlot = max(nextSlot, slot - lateSlots - 1) }
        let number = table.group(key, hash: hash)
        guard number >= 0 else {
            refused += 1
            return
        }
        if isFirst { due = min(due, dueAt) }
        let group = table.groups + number
        // The next boundary that can decide anything looks back no further. Those before it have been evaluated, or were
        // left out because all groups slept.
        let outdated = max(nextSlot, slot - lateSlots) - windowSlots
        if keepsSamples {
            group.pointee.window.add(
                isPart: contribution.isPart, sample: contribution.value, slot: slot,
                outdated: outdated)
        } else {
            group.pointee.window.add(
                isPart: contribution.isPart, slot: slot, outdated: outdated)
        }
        if !firesOnRecord {
            if contribution.isPart || holdsWithoutPart { wake(number, due: &due) }
        } else if group.pointee.state == .inactive {
            if group.pointee.budget > 1 {
                group.pointee.budget -= 1
            } else {
                checkCrossing(number, slot, time, into: &transitions)
                due = min(due, dueAt)
            }
        }
    }

    @inline(__always)
    private mutating func wake(_ number: Int, due: inout Int64) {
        if table.groups[number].isAwake { return }
        table.wake(number)
        // Boundaries that were left out while all slept are evaluated first; nothing can come of them.
        due = min(due, dueAt)
    }

    /// Whether the boundaries to come may change the state of a group without another record.
    func mayChange(_ number: Int) -> Bool {
        let group = table.groups + number
        if group.pointee.state != .inactive { return true }
        if firesOnRecord { return false }
        return holdsWithoutPart ? !group.pointee.window.isEmpty : group.pointee.window.heldPart > 0
    }

    // MARK: Alerts

    func emit(
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
