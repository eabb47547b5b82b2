internal import LogMetrics
internal import LogRecords

/// Decisions: what boundaries and crossings make of the windows.
extension RuleState {
    /// The first slot from `nextSlot` on whose end is evaluated.
    var nextStop: Int64 { Self.stop(from: nextSlot, every: slots.stride) }

    /// The first slot from `nextSlot` on that ends with a sweep.
    var nextSweep: Int64 { Self.stop(from: nextSlot, every: sweepSlots) }

    /// Slots after which nothing changes any more unless records come: when time leaps by years, those between are skipped.
    static func horizon(_ rule: AlertRule, _ slots: RuleSlots, sweepSlots: Int64) -> Int64 {
        let patience = rule.levels.map(\.pendingDuration).max() ?? 0
        let time = patience.plusClamped(rule.keepFiringDuration)
            .plusClamped(Self.absentGroupKept)
        let evaluations = Int64(rule.evaluationsOf + 1) * slots.stride
        return slots.window + slots.baseline + time / slots.length + evaluations + sweepSlots
    }

    /// The first slot from `slot` on whose number, plus one, `stride` divides.
    private static func stop(from slot: Int64, every stride: Int64) -> Int64 {
        if stride == 1 { return slot }
        return -Timestamp.floorDivide(-(slot + 1), stride) * stride - 1
    }

    /// Evaluates all boundaries up to `watermark`, in order.
    mutating func advance(to watermark: Int64, into transitions: inout [AlertTransition]) {
        guard table.count == 0 || watermark >= (nextSlot + 1) * slots.length else { return }
        let last = Timestamp.floorDivide(watermark, slots.length) - 1
        let settled = nextSlot.plusClamped(horizon)
        while nextSlot <= last, table.count > 0 {
            if nextSlot > settled, last - nextSlot > horizon { nextSlot = last - horizon }
            let stop = table.awakeCount > 0 ? nextStop : nextSweep
            if stop > last { break }
            nextSlot = stop
            if Self.stop(from: stop, every: sweepSlots) == stop {
                sweep(stop, into: &transitions)
            } else {
                evaluateAwake(stop, into: &transitions)
            }
            nextSlot = stop + 1
        }
        nextSlot = max(nextSlot, last + 1)
    }

    /// Evaluates the boundary behind the slot that `time` falls into, and all before.
    mutating func finish(at time: Int64, into transitions: inout [AlertTransition]) -> Int64 {
        let slot = Self.stop(
            from: Timestamp.floorDivide(time, slots.length), every: slots.stride)
        let end = (slot + 1) * slots.length
        advance(to: end, into: &transitions)
        return end
    }

    /// Whoever goes through all groups asks for the window of one so many ahead: they lie all over the memory.
    static var groupsAhead: Int { 8 }

    /// Evaluates all groups and forgets those that hold nothing.
    private mutating func sweep(_ slot: Int64, into transitions: inout [AlertTransition]) {
        var number = table.count - 1
        // Backwards, since removing a group moves the last one to its place.
        while number >= 0 {
            if number >= Self.groupsAhead {
                table.groups[number - Self.groupsAhead].window.prefetch(layout)
            }
            if table.groups[number].isAwake || hasActiveIntervals {
                evaluate(number, slot, into: &transitions)
            } else if table.groups[number].window.newest ?? .min
                <= slot - slots.window - slots.baseline
            {
                // Nothing can be decided about it, and its window holds nothing any more. Else the window stays as it is: whoever
                // wakes the group brings it up to date.
                table.groups[number].window.close(
                    through: slot, length: slots.window, baseline: slots.baseline, layout)
            }
            if isIdle(number, slot) {
                if table.groups[number].state == .firing {
                    end(number, (slot + 1) * slots.length, into: &transitions)
                }
                table.remove(number, layout)
            } else if !isAbsence, table.isCalm(number) {
                table.forget(number)
            }
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
        group.pointee.window.close(
            through: slot, length: slots.window, baseline: slots.baseline, layout)
        let boundary = (slot + 1) * slots.length
        let isActive = isActive(boundary)
        var isAny = false
        var hasEnded = false
        for index in 0..<table.levelCount {
            let level = table.level(number, index)
            // What a record decided for a later window, earlier ones do not undo.
            if level.holds, slot < level.activeSlot {
                isAny = true
                continue
            }
            let holds = isActive && holdsNow(index, number)
            if holds { isAny = true }
            if holds == level.holds { continue }
            let memory = table.rememberLevel(number, index)
            memory.pointee.since = holds ? boundary : .min
            memory.pointee.activeSlot = holds ? slot : .min
            if !holds { hasEnded = true }
        }
        if isAny || group.pointee.state != .inactive {
            decide(number, boundary, .closed, into: &transitions)
        }
        if hasEnded {
            group.pointee.budget = 0
            group.pointee.holdsAll = false
            if firesOnRecord { reactivate(number, after: slot, into: &transitions) }
        }
        if !mayChange(number) { table.sleep(number) }
    }

    /// Whether a level's condition holds at this evaluation, those before it taken into account.
    private func holdsNow(_ index: Int, _ number: Int) -> Bool {
        let holds = holds(index, number, .closed)
        guard evaluationsOf > 1 else { return holds }
        let mask = UInt64.max >> UInt64(64 - evaluationsOf)
        let before = table.level(number, index).history
        let history = (before << 1 | (holds ? 1 : 0)) & mask
        if history != before { table.rememberLevel(number, index).pointee.history = history }
        return history.nonzeroBitCount >= rule.evaluationsMin
    }

    // MARK: The alert

    /// Brings the state of a group's alert up to what its levels say at `time`; `span` is what it shows the value of.
    ///
    /// An alert fires at the highest level that has held for as long as that level asks. Once it fires, a lower level need
    /// not have held so long: people know of the alert already. It goes down, or ends, when no level as high as its own has
    /// held for the time that the rule goes on firing.
    func decide(
        _ number: Int, _ time: Int64, _ span: RuleSpan, into transitions: inout [AlertTransition]
    ) {
        let group = table.groups + number
        let memory = table.remember(number)
        let current = Int(group.pointee.level)
        var target = -1
        var since = Int64.max
        for index in 0..<table.levelCount {
            let level = table.level(number, index)
            guard level.holds else { continue }
            since = min(since, level.since)
            if index <= current
                || time.minusClamped(level.since) >= rule.levels[index].pendingDuration
            {
                target = index
            }
        }
        if group.pointee.state != .firing {
            if group.pointee.state == .inactive { memory.pointee.since = since }
            if target >= 0 {
                fire(number, time, target, span, into: &transitions)
            } else if since == .max {
                group.pointee.state = .inactive
            } else if group.pointee.state == .inactive {
                group.pointee.state = .pending
                let level = firstHolding(number)
                let value = shownValue(number, span, level: level)
                emit(number, .pending, time, level: level, value: value, into: &transitions)
            }
            return
        }
        if target >= current {
            memory.pointee.ceased = .min
            if target > current { fire(number, time, target, span, into: &transitions) }
            return
        }
        if memory.pointee.ceased == .min { memory.pointee.ceased = time }
        guard time.minusClamped(memory.pointee.ceased) >= rule.keepFiringDuration else { return }
        if target >= 0 {
            fire(number, time, target, span, into: &transitions)
        } else {
            end(number, time, into: &transitions)
        }
    }

    private func firstHolding(_ number: Int) -> Int {
        (0..<table.levelCount).first { table.level(number, $0).holds } ?? 0
    }

    private func fire(
        _ number: Int, _ time: Int64, _ level: Int, _ span: RuleSpan,
        into transitions: inout [AlertTransition]
    ) {
        table.groups[number].state = .firing
        table.groups[number].level = Int8(level)
        table.remember(number).pointee.ceased = .min
        let value = shownValue(number, span, level: level)
        emit(number, .firing, time, level: level, value: value, into: &transitions)
    }

    /// The alert is over.
    func end(
        _ number: Int, _ time: Int64, _ span: RuleSpan = .closed, because cause: String? = nil,
        into transitions: inout [AlertTransition]
    ) {
        let level = max(Int(table.groups[number].level), 0)
        let value = shownValue(number, span, level: level)
        emit(
            number, .resolved, time, level: level, value: value, endCause: cause,
            into: &transitions)
        table.groups[number].state = .inactive
        table.groups[number].level = -1
        table.remember(number).pointee.ceased = .min
    }

    /// Forgets all groups; firing alerts end at `time`.
    mutating func reset(
        at time: Int64, because cause: String, into transitions: inout [AlertTransition]
    ) {
        for number in 0..<table.count where table.groups[number].state == .firing {
            let newest = table.groups[number].window.newest
            let span = newest.map { RuleSpan.slots($0 - slots.window + 1, $0) } ?? .closed
            end(number, time, span, because: cause, into: &transitions)
        }
        table.removeAll(layout)
        firstSeen.removeAll()
        nextSlot = .min
    }
}
