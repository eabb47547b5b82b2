internal import LogMetrics
internal import LogRecords

/// Decisions: what boundaries and crossings make of the windows.
extension RuleState {
    /// Evaluates all boundaries up to `watermark`, in order.
    mutating func advance(to watermark: Int64, into transitions: inout [AlertTransition]) {
        guard table.count == 0 || watermark >= (nextSlot + 1) * slotLength else { return }
        let last = Timestamp.floorDivide(watermark, slotLength) - 1
        while nextSlot <= last, table.count > 0 {
            if nextSlot % sweepSlots == 0 {
                sweep(nextSlot, into: &transitions)
            } else {
                evaluateAwake(nextSlot, into: &transitions)
            }
            nextSlot += 1
            if table.awakeCount == 0 { nextSlot = min(nextSweep, last + 1) }
        }
        nextSlot = max(nextSlot, last + 1)
    }

    /// The first slot from `nextSlot` on that ends with a sweep.
    var nextSweep: Int64 {
        -Timestamp.floorDivide(-nextSlot, sweepSlots) * sweepSlots
    }

    /// Evaluates the boundary behind the slot that `time` falls into, and all before.
    mutating func finish(at time: Int64, into transitions: inout [AlertTransition]) -> Int64 {
        let end = (Timestamp.floorDivide(time, slotLength) + 1) * slotLength
        advance(to: end, into: &transitions)
        return end
    }

    /// Evaluates all groups and forgets those that hold nothing.
    private mutating func sweep(_ slot: Int64, into transitions: inout [AlertTransition]) {
        var number = table.count - 1
        // Backwards, since removing a group moves the last one to its place.
        while number >= 0 {
            evaluate(number, slot, into: &transitions)
            if table.groups[number].isIdle { table.remove(number) }
            number -= 1
        }
    }

    private mutating func evaluateAwake(_ slot: Int64, into transitions: inout [AlertTransition]) {
        var number = table.awakeGroup(upTo: table.count - 1)
        while number >= 0 {
            evaluate(number, slot, into: &transitions)
            number = table.awakeGroup(upTo: number - 1)
        }
    }

    private mutating func evaluate(
        _ number: Int, _ slot: Int64, into transitions: inout [AlertTransition]
    ) {
        let group = table.groups + number
        group.pointee.window.close(through: slot, length: windowSlots)
        let holds = plan.test.holds(group.pointee.window.closed)
        if group.pointee.state != .inactive || holds {
            step(number, slot, holds, into: &transitions)
        }
        if !mayChange(number) { table.sleep(number) }
    }

    private mutating func step(
        _ number: Int, _ slot: Int64, _ holds: Bool, into transitions: inout [AlertTransition]
    ) {
        let group = table.groups + number
        let boundary = (slot + 1) * slotLength
        switch group.pointee.state {
        case .inactive:
            activate(number, at: boundary, slot: slot, value(number), into: &transitions)
        case .pending, .firing:
            // What a record decided for a later window, earlier ones do not undo.
            if slot < group.pointee.activeSlot { return }
            if holds {
                guard group.pointee.state == .pending,
                    boundary - group.pointee.since >= rule.pendingDuration
                else { return }
                group.pointee.state = .firing
                emit(number, .firing, boundary, value(number), into: &transitions)
                return
            }
            if group.pointee.state == .firing {
                emit(number, .resolved, boundary, value(number), into: &transitions)
            }
            group.pointee.state = .inactive
            group.pointee.budget = 0
            if firesOnRecord { reactivate(number, after: slot, into: &transitions) }
        }
    }

    /// The value of a group over the window that was closed last.
    private func value(_ number: Int) -> Double { plan.test.value(table.groups[number].window) }

    /// Looks whether a window that ends with `slot` or a later one in use has become true.
    mutating func checkCrossing(
        _ number: Int, _ slot: Int64, _ time: Int64, into transitions: inout [AlertTransition]
    ) {
        let group = table.groups + number
        let newest = max(group.pointee.window.newest ?? slot, slot)
        for last in slot...newest {
            let sum = group.pointee.window.sum(endingAt: last, length: windowSlots).part
            guard sum >= needed else { continue }
            let eventTime = last == slot ? time : last * slotLength
            let value = plan.test.value(count: sum)
            activate(number, at: eventTime, slot: last, value, into: &transitions)
            return
        }
        // No window can hold more than all slots together.
        let held = group.pointee.window.heldPart
        group.pointee.budget = held < needed ? UInt32(clamping: needed - held) : 1
    }

    /// Fires again at once when the records behind the boundary suffice by themselves.
    private mutating func reactivate(
        _ number: Int, after slot: Int64, into transitions: inout [AlertTransition]
    ) {
        let group = table.groups + number
        guard let newest = group.pointee.window.newest, newest > slot else { return }
        for last in slot + 1...newest {
            let sum = group.pointee.window.sum(endingAt: last, length: windowSlots).part
            guard sum >= needed else { continue }
            let value = plan.test.value(count: sum)
            activate(number, at: last * slotLength, slot: last, value, into: &transitions)
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
        table.wake(number)
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
        nextSlot = .min
    }
}
