/// Conditions that fire on the record which makes them true.
extension RuleState {
    /// Looks whether a window that ends with `slot` or a later one in use has become true, at any level at which it was not.
    mutating func checkCrossing(
        _ number: Int, _ slot: Int64, _ time: Int64, into transitions: inout [AlertTransition]
    ) {
        let newest = max(table.groups[number].window.newest(layout) ?? slot, slot)
        for last in slot...newest {
            let eventTime = last == slot ? time : last * slots.length
            if cross(number, last, eventTime, into: &transitions) { break }
        }
        setBudget(number)
    }

    /// Holds again at once when the records behind the boundary suffice by themselves.
    mutating func reactivate(
        _ number: Int, after slot: Int64, into transitions: inout [AlertTransition]
    ) {
        guard let newest = table.groups[number].window.newest(layout), newest > slot else { return }
        for last in slot + 1...newest {
            if cross(number, last, last * slots.length, into: &transitions) { break }
        }
        setBudget(number)
    }

    /// Whether the window that ends with slot `last` makes a level true that was not; then decides.
    private mutating func cross(
        _ number: Int, _ last: Int64, _ time: Int64, into transitions: inout [AlertTransition]
    ) -> Bool {
        let span = RuleSpan.slots(last - slots.window + 1, last)
        var hasCrossed = false
        for index in 0..<table.levelCount {
            let level = table.level(number, index)
            guard !level.pointee.holds, holds(index, number, span) else { continue }
            level.pointee.since = time
            level.pointee.activeSlot = last
            hasCrossed = true
        }
        guard hasCrossed else { return false }
        table.wake(number)
        decide(number, time, span, into: &transitions)
        return true
    }

    /// How many records must come before another level can become true: no window can hold more than all slots together.
    private func setBudget(_ number: Int) {
        let group = table.groups + number
        var next = UInt64.max
        var holdsAll = true
        for index in 0..<table.levelCount where !table.level(number, index).pointee.holds {
            holdsAll = false
            next = min(next, index < needed.count ? needed[index] : 0)
        }
        group.pointee.holdsAll = holdsAll
        guard !holdsAll else { return }
        let held = held(number)
        group.pointee.budget = held < next ? UInt32(clamping: next - held) : 1
    }

    /// The most that a window of this group can hold: of counts their sum, of different values those of all slots together.
    private func held(_ number: Int) -> UInt64 {
        let window = table.groups[number].window
        var result: UInt64 = 0
        window.forEachSlot(from: .min, through: .max, layout) { slot in
            if case .distinct(let word) = readings[0] {
                let set = GroupWindow.set(slot, word)
                // A sketch may grow by more than one.
                result &+= (set?.isSketch ?? false) ? UInt64(UInt32.max) : UInt64(set?.count ?? 0)
            } else {
                result &+= slot[1]
            }
        }
        return result
    }
}
