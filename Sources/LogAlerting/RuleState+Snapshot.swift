internal import LogBytes
internal import LogMetrics
internal import LogRecords

/// What a rule knows, as bytes.
///
///     zigzag   the next slot whose end is evaluated
///     8 bytes  refused groups
///     first-seen values, for rules that have them
///     varint   groups, and for each, in the order of their numbers:
///         varint length and key; 1 byte state; 1 byte level + 1; 1 byte awake
///         zigzag × 4   since, ceased, first slot, last slot
///         for each level: zigzag since, zigzag active slot, 8 bytes history
///         zigzag   the last closed slot
///         varint   slots, and for each, oldest first: zigzag number, varint counters, lanes
///
/// Sums over windows are computed again, and budgets begin at nothing, which only costs a look. The order of groups is kept,
/// since they are evaluated in it.
extension RuleState {
    func write(into out: inout ByteWriter) {
        out.append(zigzag: nextSlot)
        out.append(fixed: refused)
        if plan.source == .firstSeen { firstSeen.write(into: &out) }
        out.append(length: table.count)
        for number in 0..<table.count { writeGroup(number, into: &out) }
    }

    private func writeGroup(_ number: Int, into out: inout ByteWriter) {
        let group = table.groups[number]
        let cold = table.cold[number]
        out.append(lengthPrefixed: table.keys.key(number))
        out.append(group.state.rawValue)
        out.append(UInt8(bitPattern: group.level &+ 1))
        out.append(group.isAwake ? 1 : 0)
        for time in [cold.since, cold.ceased, cold.firstSlot, cold.lastSlot] {
            out.append(zigzag: time)
        }
        for index in 0..<table.levelCount {
            let level = table.level(number, index).pointee
            out.append(zigzag: level.since)
            out.append(zigzag: level.activeSlot)
            out.append(fixed: level.history)
        }
        let window = group.window
        out.append(zigzag: window.closedThrough)
        out.append(length: Int(window.count))
        for index in 0..<Int(window.count) { writeSlot(window.slot(index, layout), into: &out) }
    }

    private func writeSlot(_ slot: UnsafeMutablePointer<UInt64>, into out: inout ByteWriter) {
        out.append(zigzag: Int64(bitPattern: slot[0]))
        for index in 0..<layout.counters { out.append(varint: slot[1 + index]) }
        for index in 0..<layout.laneCount {
            let lane = layout.lane(index)
            switch lane.kind {
            case .sum, .minimum, .maximum: out.append(fixed: slot[lane.word])
            case .last:
                out.append(fixed: slot[lane.word])
                out.append(fixed: slot[lane.word + 1])
            case .samples:
                out.append(varint: slot[lane.word])
                out.append(fixed: slot[lane.word + 1])
                out.append(fixed: slot[lane.word + 2])
                GroupWindow.histogram(slot, lane.word).pointee.snapshot(into: &out)
            case .set:
                let set = GroupWindow.set(slot, lane.word)
                out.append(set == nil ? 0 : 1)
                set?.write(into: &out)
            }
        }
    }

    // MARK: Reading

    /// Takes over what `write` wrote, into a state that has seen nothing. After an error the state is of no use.
    mutating func read(_ reader: inout ByteReader) throws(MalformedBytes) {
        nextSlot = try slotNumber(&reader)
        refused = try reader.fixed(UInt64.self, "refused groups")
        if plan.source == .firstSeen { try firstSeen.read(&reader) }
        let count = try reader.length(atMost: GroupTable.groupsMax, "groups of a rule")
        guard count == 0 || nextSlot != .min else { throw reader.malformed("the next slot") }
        for _ in 0..<count { try readGroup(&reader) }
    }

    /// The number of a slot whose bounds are times; the least number stands for none.
    private func slotNumber(_ reader: inout ByteReader) throws(MalformedBytes) -> Int64 {
        let number = try reader.zigzag("a slot")
        let most = EventClock.timeMax / slots.length
        guard number == .min || abs(number) <= most else { throw reader.malformed("a slot") }
        return number
    }

    private mutating func readGroup(_ reader: inout ByteReader) throws(MalformedBytes) {
        let key = try reader.lengthPrefixed("a group's key")
        let hash = key.memoryHash
        guard table.find(key, hash: hash) < 0 else { throw reader.malformed("a group's key") }
        let kind = try reader.fixed(UInt8.self, "an alert's state")
        let level = Int8(bitPattern: try reader.fixed(UInt8.self, "an alert's level")) &- 1
        let isAwake = try reader.fixed(UInt8.self, "whether a group is awake") != 0
        guard let state = AlertGroup.State(rawValue: kind), level >= -1,
            level < table.levelCount, (state == .firing) == (level >= 0)
        else { throw reader.malformed("an alert's state") }
        let number = table.insert(key, hash: hash, slot: 0, layout)
        table.groups[number].state = state
        table.groups[number].level = level
        table.cold[number].since = try EventClock.time(&reader)
        table.cold[number].ceased = try EventClock.time(&reader)
        table.cold[number].firstSlot = try slotNumber(&reader)
        table.cold[number].lastSlot = try slotNumber(&reader)
        guard table.cold[number].firstSlot != .min, table.cold[number].lastSlot != .min else {
            throw reader.malformed("a group's slots")
        }
        var holdsAll = true
        for index in 0..<table.levelCount {
            let level = table.level(number, index)
            level.pointee.since = try EventClock.time(&reader)
            level.pointee.activeSlot = try slotNumber(&reader)
            level.pointee.history = try reader.fixed(UInt64.self, "evaluations")
            if !level.pointee.holds { holdsAll = false }
        }
        table.groups[number].holdsAll = holdsAll
        if isAwake { table.wake(number) }
        let closed = try slotNumber(&reader)
        try readSlots(number, &reader)
        if closed != .min {
            table.groups[number].window.restoreClosed(
                through: closed, length: slots.window, layout)
        }
    }

    private mutating func readSlots(
        _ number: Int, _ reader: inout ByteReader
    ) throws(MalformedBytes) {
        // A slot takes at least two bytes.
        let count = try reader.length(atMost: reader.remaining / 2, "slots of a window")
        var last = Int64.min
        for _ in 0..<count {
            let slot = try slotNumber(&reader)
            guard slot > last else { throw reader.malformed("a slot") }
            last = slot
            let words = table.groups[number].window.open(slot, outdated: .min, layout)
            for index in 0..<layout.counters {
                words[1 + index] = try reader.varint("a counter")
                // Sums of counters stay far from the end of a word.
                guard words[1 + index] < 1 << 48 else { throw reader.malformed("a counter") }
            }
            // A part is no more than the whole, except where the two are counted apart.
            let isApart = plan.source == .ratio || plan.source == .expression
            for index in 1..<max(layout.counters, 1) where !isApart && words[1 + index] > words[1] {
                throw reader.malformed("a counter")
            }
            for index in 0..<layout.laneCount { try readLane(layout.lane(index), words, &reader) }
        }
    }

    private func readLane(
        _ lane: WindowLayout.Lane, _ slot: UnsafeMutablePointer<UInt64>,
        _ reader: inout ByteReader
    ) throws(MalformedBytes) {
        switch lane.kind {
        case .sum, .minimum, .maximum:
            slot[lane.word] = try reader.fixed(UInt64.self, "a number")
        case .last:
            slot[lane.word] = try reader.fixed(UInt64.self, "when a number came")
            slot[lane.word + 1] = try reader.fixed(UInt64.self, "a number")
        case .samples:
            let count = try reader.varint("the count of samples")
            guard count < 1 << 48 else { throw reader.malformed("the count of samples") }
            slot[lane.word] = count
            slot[lane.word + 1] = try reader.fixed(UInt64.self, "a sample")
            slot[lane.word + 2] = try reader.fixed(UInt64.self, "a sample")
            try GroupWindow.histogram(slot, lane.word).pointee.restore(from: &reader)
        case .set:
            guard try reader.fixed(UInt8.self, "whether there is a set") != 0 else { return }
            GroupWindow.setSet(try ValueSet.read(&reader), slot, lane.word)
        }
    }
}
