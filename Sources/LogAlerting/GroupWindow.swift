internal import LogMetrics

/// The last slots of event time of one group.
///
/// A slot is a number: event time divided by the slot's length. Only slots that hold something take memory. A slot is open
/// until `close` passes it; closing adds its counters to the sum over the window, and takes those out that have left it.
/// Worked example, a window of 3 slots, one record in each of the slots 7, 8 and 10:
///
///     close(through: 8)    closed = slots 6…8  = 2      slot 10 is open
///     close(through: 10)   closed = slots 8…10 = 2      slot 7 has left
///     close(through: 13)   closed = slots 11…13 = 0     nothing is held
///
/// With a baseline, slots that leave the window are counted in a second sum until they leave that, too.
///
/// The slots stand in a ring, oldest first, ordered by number, behind the sums. Whoever owns a window frees it with
/// `destroy`, since only the rule knows its layout.
struct GroupWindow: BitwiseCopyable {
    /// Most groups of most rules have records in one or two slots.
    private static var firstCapacity: Int { 2 }
    /// Slots between the oldest and the youngest one: half of what half a word can tell apart.
    static var spanMax: Int64 { 1 << 31 }

    private(set) var words: UnsafeMutablePointer<UInt64>
    /// The place of the oldest slot.
    private(set) var head: Int32 = 0
    private(set) var count: Int32 = 0
    /// The places less one; their number is a power of two.
    private var mask: Int32
    /// The oldest slots that are closed, those of the baseline among them.
    private var closedCount: Int32 = 0
    /// The oldest slots that have left the window and are part of the baseline.
    private var baseCount: Int32 = 0
    /// The last slot that is closed.
    private(set) var closedThrough: Int64 = .min
    /// The number of the youngest slot. The others, which hold the low half of theirs, are at most `spanMax` older.
    private var newestNumber: Int64 = .min

    init(_ layout: WindowLayout) {
        mask = Int32(Self.firstCapacity - 1)
        let size = layout.totals + Self.firstCapacity * layout.stride
        words = .allocate(capacity: size)
        words.initialize(repeating: 0, count: layout.totals)
    }

    /// Frees the memory.
    func destroy(_ layout: WindowLayout) {
        if layout.hasObjects {
            for index in 0..<Int(count) { clear(slot(index, layout), layout) }
        }
        words.deallocate()
    }

    var isEmpty: Bool { count == 0 }

    /// The words of the slot that is `index` slots younger than the oldest.
    @inline(__always)
    func slot(_ index: Int, _ layout: WindowLayout) -> UnsafeMutablePointer<UInt64> {
        words + layout.totals + ((Int(head) + index) & Int(mask)) * layout.stride
    }

    /// The number of that slot.
    @inline(__always)
    func number(_ index: Int, _ layout: WindowLayout) -> Int64 { number(slot(index, layout)) }

    /// The number of a slot of this window.
    @inline(__always)
    func number(_ slot: UnsafeMutablePointer<UInt64>) -> Int64 {
        let low = UInt32(truncatingIfNeeded: slot[0])
        return newestNumber &- Int64(UInt32(truncatingIfNeeded: newestNumber) &- low)
    }

    /// Counter `index` of a slot.
    @inline(__always)
    static func counter(_ slot: UnsafeMutablePointer<UInt64>, _ index: Int) -> UInt64 {
        index == 0 ? slot[0] >> 32 : slot[index]
    }

    /// Sets counter `index` of a slot; the first one fits in half a word.
    static func setCounter(
        _ slot: UnsafeMutablePointer<UInt64>, _ index: Int, _ value: UInt64
    ) {
        if index == 0 {
            slot[0] = slot[0] & 0xFFFF_FFFF | value << 32
        } else {
            slot[index] = value
        }
    }

    /// The latest slot that holds something.
    var newest: Int64? { count > 0 ? newestNumber : nil }

    /// Counter `index` summed over the window that was closed last.
    @inline(__always)
    func closed(_ index: Int) -> UInt64 { words[index] }

    /// Counter `index` summed over the baseline of that window.
    @inline(__always)
    func base(_ index: Int, _ layout: WindowLayout) -> UInt64 {
        words[layout.counters + index]
    }

    // MARK: Adding

    /// The words of slot `number`, which is made when it does not exist; constant time for the newest one. Slots up to
    /// `outdated` are of no use any more and may make room.
    @inline(__always)
    mutating func open(
        _ number: Int64, outdated: Int64, _ layout: WindowLayout
    ) -> UnsafeMutablePointer<UInt64> {
        if count > 0, newestNumber == number { return slot(Int(count) - 1, layout) }
        return insert(number, outdated, layout)
    }

    @inline(never)
    private mutating func insert(
        _ number: Int64, _ outdated: Int64, _ layout: WindowLayout
    ) -> UnsafeMutablePointer<UInt64> {
        if count > mask || number.minusClamped(newestNumber) > Self.spanMax / 2 {
            dropOldest(through: outdated, layout)
            if count > mask { grow(layout) }
        }
        if count == 0 { newestNumber = number }
        var index = Int(count)
        while index > 0, self.number(index - 1, layout) >= number { index -= 1 }
        if index < Int(count), self.number(index, layout) == number { return slot(index, layout) }
        count += 1
        var moved = Int(count) - 1
        while moved > index {
            slot(moved, layout).update(from: slot(moved - 1, layout), count: layout.stride)
            moved -= 1
        }
        let fresh = slot(index, layout)
        newestNumber = max(newestNumber, number)
        prepare(fresh, number, layout)
        if index < Int(closedCount) || number <= closedThrough { closedCount += 1 }
        if index < Int(baseCount) { baseCount += 1 }
        return fresh
    }

    private func prepare(
        _ fresh: UnsafeMutablePointer<UInt64>, _ number: Int64, _ layout: WindowLayout
    ) {
        fresh.update(repeating: 0, count: layout.stride)
        fresh[0] = UInt64(UInt32(truncatingIfNeeded: number))
        for index in 0..<layout.laneCount {
            let lane = layout.lane(index)
            switch lane.kind {
            case .minimum: fresh[lane.word] = Double.infinity.bitPattern
            case .maximum: fresh[lane.word] = (-Double.infinity).bitPattern
            case .last: fresh[lane.word] = UInt64(bitPattern: .min)
            case .samples: Self.histogram(fresh, lane.word).initialize(to: LatencyHistogram())
            case .sum, .set: break
            }
        }
    }

    /// Counts in the counters of `mask`, in slot `number` of this window, which is at `slot` and part of the sum when it is closed.
    @inline(__always)
    mutating func count(
        _ mask: UInt32, in slot: UnsafeMutablePointer<UInt64>, number: Int64
    ) {
        let isClosed = number <= closedThrough
        if mask & 1 != 0, slot[0] < UInt64(UInt32.max) << 32 {
            slot[0] &+= 1 << 32
            if isClosed { words[0] &+= 1 }
        }
        var rest = mask & ~1
        while rest != 0 {
            let index = rest.trailingZeroBitCount
            rest &= rest &- 1
            slot[index] &+= 1
            if isClosed { words[index] &+= 1 }
        }
    }

    private mutating func grow(_ layout: WindowLayout) {
        // Slots of a word are few bytes; pieces of many sizes, left behind by windows that grew, would be more.
        let capacity = (Int(mask) + 1) * (layout.stride == 1 ? 4 : 2)
        let fresh = UnsafeMutablePointer<UInt64>.allocate(
            capacity: layout.totals + capacity * layout.stride)
        fresh.update(from: words, count: layout.totals)
        for index in 0..<Int(count) {
            (fresh + layout.totals + index * layout.stride)
                .update(from: slot(index, layout), count: layout.stride)
        }
        words.deallocate()
        words = fresh
        head = 0
        mask = Int32(capacity - 1)
    }

    // MARK: Restoring

    /// Takes over that slots up to `last` are closed, for a window that was filled with its slots again.
    mutating func restoreClosed(
        through last: Int64, length: Int64, _ layout: WindowLayout
    ) {
        closedThrough = last
        for index in 0..<Int(count) {
            let slot = slot(index, layout)
            let number = number(slot)
            guard number <= last else { break }
            let isBase = number <= last &- length
            if isBase { baseCount += 1 }
            closedCount += 1
            if isBase, !layout.hasBaseline { continue }
            let totals = isBase ? words + layout.counters : words
            for counter in 0..<layout.counters {
                totals[counter] &+= Self.counter(slot, counter)
            }
        }
    }

    // MARK: Closing

    /// Closes all slots up to `last`, and drops those that neither a window of `length` slots which ends there reaches nor
    /// the `baseline` slots before it.
    mutating func close(
        through last: Int64, length: Int64, baseline: Int64, _ layout: WindowLayout
    ) {
        guard last > closedThrough else { return }
        closedThrough = last
        while closedCount < count {
            let slot = slot(Int(closedCount), layout)
            guard number(slot) <= last else { break }
            for index in 0..<layout.counters { words[index] &+= Self.counter(slot, index) }
            closedCount += 1
        }
        let before = last &- length
        while baseCount < closedCount, number(Int(baseCount), layout) <= before {
            let slot = slot(Int(baseCount), layout)
            for index in 0..<layout.counters {
                let counter = Self.counter(slot, index)
                words[index] &-= counter
                if layout.hasBaseline { words[layout.counters + index] &+= counter }
            }
            baseCount += 1
        }
        dropOldest(through: before &- baseline, layout)
    }

    private mutating func dropOldest(through last: Int64, _ layout: WindowLayout) {
        while count > 0, number(0, layout) <= last {
            let slot = slot(0, layout)
            if baseCount > 0 {
                if layout.hasBaseline {
                    for index in 0..<layout.counters {
                        words[layout.counters + index] &-= Self.counter(slot, index)
                    }
                }
                baseCount -= 1
                closedCount -= 1
            } else if closedCount > 0 {
                for index in 0..<layout.counters { words[index] &-= Self.counter(slot, index) }
                closedCount -= 1
            }
            if layout.hasObjects { clear(slot, layout) }
            head = (head + 1) & mask
            count -= 1
        }
    }

    /// Frees what a slot owns.
    private func clear(_ slot: UnsafeMutablePointer<UInt64>, _ layout: WindowLayout) {
        for index in 0..<layout.laneCount {
            let lane = layout.lane(index)
            switch lane.kind {
            case .samples: Self.histogram(slot, lane.word).deinitialize(count: 1)
            case .set: Self.releaseSet(slot, lane.word)
            case .sum, .minimum, .maximum, .last: break
            }
        }
    }

    // MARK: Reading

    /// Calls `body` with the words of every slot from `first` to `last`, in order.
    func forEachSlot(
        from first: Int64, through last: Int64, _ layout: WindowLayout,
        _ body: (UnsafeMutablePointer<UInt64>) -> Void
    ) {
        for index in 0..<Int(count) {
            let slot = slot(index, layout)
            let number = number(slot)
            if number > last { return }
            if number >= first { body(slot) }
        }
    }

    /// Counter `index` summed over the slots from `first` to `last`, open ones included.
    func sum(
        _ counter: Int, from first: Int64, through last: Int64, _ layout: WindowLayout
    ) -> UInt64 {
        var result: UInt64 = 0
        var index = Int(count) - 1
        while index >= 0 {
            let slot = slot(index, layout)
            let number = number(slot)
            if number < first { break }
            if number <= last { result &+= Self.counter(slot, counter) }
            index -= 1
        }
        return result
    }

    /// True when a slot that has not left the window holds something in one of the counters of `mask`.
    func holds(_ mask: UInt32, _ layout: WindowLayout) -> Bool {
        var index = Int(baseCount)
        while index < Int(count) {
            let slot = slot(index, layout)
            var rest = mask
            while rest != 0 {
                if Self.counter(slot, rest.trailingZeroBitCount) != 0 { return true }
                rest &= rest &- 1
            }
            index += 1
        }
        return false
    }

    @inline(__always)
    static func histogram(
        _ slot: UnsafeMutablePointer<UInt64>, _ word: Int
    ) -> UnsafeMutablePointer<LatencyHistogram> {
        UnsafeMutableRawPointer(slot + word + 3).assumingMemoryBound(to: LatencyHistogram.self)
    }

    /// The set of a slot, nil when it has none.
    static func set(_ slot: UnsafeMutablePointer<UInt64>, _ word: Int) -> ValueSet? {
        UnsafeRawPointer(bitPattern: UInt(slot[word])).map {
            Unmanaged<ValueSet>.fromOpaque($0).takeUnretainedValue()
        }
    }

    static func setSet(_ set: ValueSet, _ slot: UnsafeMutablePointer<UInt64>, _ word: Int) {
        slot[word] = UInt64(UInt(bitPattern: Unmanaged.passRetained(set).toOpaque()))
    }

    private static func releaseSet(_ slot: UnsafeMutablePointer<UInt64>, _ word: Int) {
        guard let pointer = UnsafeRawPointer(bitPattern: UInt(slot[word])) else { return }
        Unmanaged<ValueSet>.fromOpaque(pointer).release()
        slot[word] = 0
    }
}
