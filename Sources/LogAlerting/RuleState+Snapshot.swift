internal import LogBytes
internal import LogMetrics
internal import LogRecords

/// What a rule knows, as bytes.
///
///     zigzag   the next slot whose end is evaluated
///     8 bytes  refused groups
///     first-seen values, for rules that have them
///     varint   groups, and for each, in the order of their numbers:
///         varint length and key; 1 byte state; 1 byte level + 1; 1 byte flags (`Flag`)
///         for rules that wait for records: zigzag × 2   first slot, last slot (in version 2 for all)
///         unless calm: zigzag since, zigzag ceased, and for each level zigzag since, zigzag active slot, 8 bytes history
///         if there is one: zigzag the last closed slot
///         varint   slots, and for each, oldest first: zigzag number, varint counters, lanes
///     zigzag × 2   event time and arrival of the last record without a time of its own
///
/// Most of a hundred thousand groups have never had an alert, and the ingest waits while they are written. So those are calm, and
/// numbers of slots are differences from the next slot, which are short.
///
/// Sums over windows are computed again, and budgets begin at nothing, which only costs a look. The order of groups is kept,
/// since they are evaluated in it.
extension RuleState {
    func write(into out: inout ByteWriter) {
        out.append(zigzag: nextSlot)
        out.append(fixed: refused)
        if plan.source == .firstSeen { firstSeen.write(into: &out) }
        out.append(length: table.count)
        for number in 0..<table.count {
            let ahead = number + Self.groupsAhead
            if ahead < table.count {
                table.groups[ahead].window.prefetch(layout)
                table.keys.prefetchKey(ahead)
            }
            writeGroup(number, into: &out)
        }
        out.append(zigzag: timeless.time)
        out.append(zigzag: timeless.arrival)
    }

    private func writeGroup(_ number: Int, into out: inout ByteWriter) {
        let group = table.groups[number]
        let memory = table.memory(number)
        out.append(lengthPrefixed: table.keys.key(number))
        out.append(group.state.rawValue)
        out.append(UInt8(bitPattern: group.level &+ 1))
        let window = group.window
        let isCalm = table.isCalm(number)
        out.append(
            (group.isAwake ? Flag.awake : 0) | (isCalm ? Flag.calm : 0)
                | (window.closedThrough == .min ? 0 : Flag.closed))
        if isAbsence {
            out.append(zigzag: memory.firstSlot &- nextSlot)
            out.append(zigzag: memory.lastSlot &- nextSlot)
        }
        if !isCalm {
            out.append(zigzag: memory.since)
            out.append(zigzag: memory.ceased)
            for index in 0..<table.levelCount {
                let level = table.level(number, index)
                out.append(zigzag: level.since)
                out.append(zigzag: level.activeSlot)
                out.append(fixed: level.history)
            }
        }
        if window.closedThrough != .min { out.append(zigzag: window.closedThrough &- nextSlot) }
        out.append(length: Int(window.count))
        for index in 0..<Int(window.count) {
            out.append(zigzag: window.number(index, layout) &- nextSlot)
            let place = window.place(index)
            for counter in 0..<layout.counters {
                out.append(varint: window.counter(counter, at: place, layout))
            }
            if layout.laneCount > 0 { writeLanes(window.slot(place, layout), into: &out) }
        }
    }

    /// What is true of a group.
    private enum Flag {
        static var awake: UInt8 { 1 }
        /// Nothing has been decided about it.
        static var calm: UInt8 { 2 }
        /// Slots of its window are closed.
        static var closed: UInt8 { 4 }
    }

    private func writeLanes(
        _ slot: UnsafeMutablePointer<UInt64>, into out: inout ByteWriter
    ) {
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
    ///
    /// - Parameter version: that of the engine's bytes.
    mutating func read(
        _ reader: inout ByteReader, version: UInt8
    ) throws(MalformedBytes) {
        nextSlot = try slotNumber(&reader)
        refused = try reader.fixed(UInt64.self, "refused groups")
        if plan.source == .firstSeen { try firstSeen.read(&reader) }
        let count = try reader.length(atMost: GroupTable.groupsMax, "groups of a rule")
        guard count == 0 || nextSlot != .min else { throw reader.malformed("the next slot") }
        for _ in 0..<count { try readGroup(&reader, version) }
        guard version > 2 else { return }
        timeless = (try EventClock.time(&reader), try EventClock.time(&reader))
    }

    /// The number of a slot whose bounds are times; the least number stands for none.
    private func slotNumber(_ reader: inout ByteReader) throws(MalformedBytes) -> Int64 {
        let number = try reader.zigzag("a slot")
        guard number == .min || isSlot(number) else { throw reader.malformed("a slot") }
        return number
    }

    /// The number of a slot that is written as its difference from the next one.
    private func nearSlot(_ reader: inout ByteReader) throws(MalformedBytes) -> Int64 {
        let number = try reader.zigzag("a slot").addingReportingOverflow(nextSlot)
        guard !number.overflow, isSlot(number.partialValue) else {
            throw reader.malformed("a slot")
        }
        return number.partialValue
    }

    private func isSlot(_ number: Int64) -> Bool {
        let most = EventClock.timeMax / slots.length
        return -most <= number && number <= most
    }

    private mutating func readGroup(
        _ reader: inout ByteReader, _ version: UInt8
    ) throws(MalformedBytes) {
        let key = try reader.lengthPrefixed("a group's key")
        let hash = key.memoryHash
        guard table.find(key, hash: hash) < 0 else { throw reader.malformed("a group's key") }
        let kind = try reader.fixed(UInt8.self, "an alert's state")
        let level = Int8(bitPattern: try reader.fixed(UInt8.self, "an alert's level")) &- 1
        let flags = try reader.fixed(UInt8.self, "what is true of a group")
        guard let state = AlertGroup.State(rawValue: kind), level >= -1,
            level < table.levelCount, (state == .firing) == (level >= 0)
        else { throw reader.malformed("an alert's state") }
        let number = table.insert(key, hash: hash, layout)
        table.groups[number].state = state
        table.groups[number].level = level
        if isAbsence || version < 3 {
            let first = try nearSlot(&reader)
            let last = try nearSlot(&reader)
            if isAbsence {
                table.remember(number).pointee.firstSlot = first
                table.remember(number).pointee.lastSlot = last
            }
        }
        if flags & Flag.calm == 0 {
            try readDecisions(number, &reader)
        } else {
            guard state == .inactive else { throw reader.malformed("an alert's state") }
        }
        if flags & Flag.awake != 0 { table.wake(number) }
        let closed = flags & Flag.closed == 0 ? Int64.min : try nearSlot(&reader)
        try readSlots(number, &reader)
        if closed != .min {
            table.groups[number].window.restoreClosed(
                through: closed, length: slots.window, layout)
        }
    }

    private mutating func readDecisions(
        _ number: Int, _ reader: inout ByteReader
    ) throws(MalformedBytes) {
        table.remember(number).pointee.since = try EventClock.time(&reader)
        table.remember(number).pointee.ceased = try EventClock.time(&reader)
        var holdsAll = true
        for index in 0..<table.levelCount {
            let level = table.rememberLevel(number, index)
            level.pointee.since = try EventClock.time(&reader)
            level.pointee.activeSlot = try slotNumber(&reader)
            level.pointee.history = try reader.fixed(UInt64.self, "evaluations")
            if !level.pointee.holds { holdsAll = false }
        }
        table.groups[number].holdsAll = holdsAll
    }

    private mutating func readSlots(
        _ number: Int, _ reader: inout ByteReader
    ) throws(MalformedBytes) {
        // A slot takes at least two bytes.
        let count = try reader.length(atMost: reader.remaining / 2, "slots of a window")
        var first: Int64?
        var last = Int64.min
        for _ in 0..<count {
            let slot = try nearSlot(&reader)
            guard slot > last, slot - (first ?? slot) <= GroupWindow.spanMax else {
                throw reader.malformed("a slot")
            }
            first = first ?? slot
            last = slot
            var whole: UInt64?
            // A part is no more than the whole, except where the two are counted apart.
            let isApart = plan.source == .ratio || plan.source == .expression
            for index in 0..<layout.counters {
                let counter = try reader.varint("a counter")
                // Sums of counters stay far from the end of a word.
                guard counter < (index == 0 ? 1 << 32 : 1 << 48),
                    isApart || counter <= whole ?? counter
                else { throw reader.malformed("a counter") }
                whole = whole ?? counter
                table.groups[number].window.setCounter(index, of: slot, counter, layout)
            }
            let window = table.groups[number].window
            for index in 0..<layout.laneCount {
                let words = window.slot(window.place(Int(window.count) - 1), layout)
                try readLane(layout.lane(index), words, &reader)
            }
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
