/// Conditions that fire on the record which makes them true.
extension RuleState {
    /// Looks whether a window that ends with `slot` or a later one in use has become true, at any level at which it was not.
    mutating func checkCrossing(
        _ number: Int, _ slot: Int64, _ time: Int64, into transitions: inout [AlertTransition]
    ) {
        let newest = max(table.groups[number].window.newest ?? slot, slot)
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
        guard let newest = table.groups[number].window.newest, newest > slot else { return }
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
            guard !table.level(number, index).holds, holds(index, number, span) else { continue }
            let level = table.rememberLevel(number, index)
            level.pointee.since = time
            level.pointee.activeSlot = last
            hasCrossed = true
        }
        guard hasCrossed else { return false }
        table.wake(number)
        decide(number, time, span, into: &transitions)
        return true
    }

    /// How many records must come before another level can become true.
    private func setBudget(_ number: Int) {
        let group = table.groups + number
        var next = UInt64.max
        var holdsAll = true
        for index in 0..<table.levelCount where !table.level(number, index).holds {
            holdsAll = false
            next = min(next, index < needed.count ? needed[index] : 0)
        }
        group.pointee.holdsAll = holdsAll
        guard !holdsAll else { return }
        if case .distinct(let word) = readings[0] {
            group.pointee.budget = distinctBudget(number, word, next)
            return
        }
        // No window can hold more than all slots together.
        let held = group.pointee.window.sum(0, from: .min, through: .max, layout)
        group.pointee.budget = held < next ? UInt32(clamping: next - held) : 1
    }

    /// How many values that a slot has not seen must come before a window can hold `needed` different ones.
    ///
    /// While all sets are exact, each adds one at most; the one that makes the fullest set a sketch is looked at. A sketch
    /// of n values grows with one in n / 1,430 of those that follow, so that it takes more than 500 · (T − n) / T steps from
    /// n to T; looking more often would cost a union each time and tell nothing.
    private func distinctBudget(_ number: Int, _ word: Int, _ needed: UInt64) -> UInt32 {
        var held: UInt64 = 0
        var fullest = 0
        var isSketch = false
        table.groups[number].window.forEachSlot(from: .min, through: .max, layout) { slot in
            guard let set = GroupWindow.set(slot, word) else { return }
            held &+= UInt64(set.count)
            fullest = max(fullest, set.count)
            isSketch = isSketch || set.isSketch
        }
        if isSketch {
            let estimate = read(readings[0], number, .slots(.min, .max))
            let rest = (Double(needed) - estimate) / Double(needed)
            return UInt32(max(500 * rest, 1))
        }
        guard held < needed else { return 1 }
        let untilSketch = UInt64(ValueSet.exactMax + 1 - fullest)
        return UInt32(clamping: max(min(needed - held, untilSketch), 1))
    }
}
