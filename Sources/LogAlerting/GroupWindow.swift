internal import LogBytes
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
/// The slots stand in a ring, oldest first, ordered by number, behind the sums. Where the layout has one word a slot, a slot is a
/// narrow cell of 32 bits while that suffices: the low bits of its number and a count. Most groups of most rules never need more,
/// and a hundred thousand of them take half the memory. Whoever owns a window frees it with `destroy`, since only the rule knows
/// its layout.
struct GroupWindow: BitwiseCopyable {
    /// Slots between the oldest and the youngest one: half of what half a word can tell apart.
    static var spanMax: Int64 { 1 << 31 }
    /// Bits of a narrow cell that are its slot's number; the others count.
    private static var narrowBits: UInt32 { 10 }
    private static var narrowSpanMax: Int64 { 1 << Int64(narrowBits) - 1 }
    private static var narrowCountMax: UInt64 { 1 << UInt64(32 - narrowBits) - 1 }

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
    private var isNarrow: Bool
    /// The last slot that is closed.
    private(set) var closedThrough: Int64 = .min
    /// The number of the youngest slot. The others hold the low bits of theirs.
    private var newestNumber: Int64 = .min

    init(_ layout: WindowLayout) {
        isNarrow = layout.stride == 1
        let capacity = isNarrow ? 4 : 2
        mask = Int32(capacity - 1)
        words = Self.allocate(capacity, isNarrow: isNarrow, layout)
        words.initialize(repeating: 0, count: layout.totals)
    }

    private static func allocate(
        _ capacity: Int, isNarrow: Bool, _ layout: WindowLayout
    ) -> UnsafeMutablePointer<UInt64> {
        .allocate(capacity: layout.totals + (isNarrow ? capacity / 2 : capacity * layout.stride))
    }

    /// Frees the memory.
    func destroy(_ layout: WindowLayout) {
        if layout.hasObjects {
            for index in 0..<Int(count) { clear(slot(place(index), layout), layout) }
        }
        words.deallocate()
    }

    var isEmpty: Bool { count == 0 }

    /// The place in the ring of the slot that is `index` slots younger than the oldest.
    @inline(__always)
    func place(_ index: Int) -> Int { (Int(head) + index) & Int(mask) }

    /// The words of the slot at a place; for layouts of more than one word.
    @inline(__always)
    func slot(_ place: Int, _ layout: WindowLayout) -> UnsafeMutablePointer<UInt64> {
        words + layout.totals + place * layout.stride
    }

    /// The narrow cell at a place.
    @inline(__always)
    private func cell(_ place: Int, _ layout: WindowLayout) -> UnsafeMutablePointer<UInt32> {
        UnsafeMutableRawPointer(words + layout.totals).assumingMemoryBound(to: UInt32.self) + place
    }

    /// The number of the slot that is `index` slots younger than the oldest.
    @inline(__always)
    func number(_ index: Int, _ layout: WindowLayout) -> Int64 {
        let place = place(index)
        let newest = UInt32(truncatingIfNeeded: newestNumber)
        if isNarrow {
            let low = cell(place, layout).pointee
            return newestNumber &- Int64((newest &- low) & (1 << Self.narrowBits - 1))
        }
        let low = UInt32(truncatingIfNeeded: slot(place, layout)[0])
        return newestNumber &- Int64(newest &- low)
    }

    /// Counter `counter` of the slot at a place.
    @inline(__always)
    func counter(_ counter: Int, at place: Int, _ layout: WindowLayout) -> UInt64 {
        if isNarrow { return UInt64(cell(place, layout).pointee >> Self.narrowBits) }
        let slot = slot(place, layout)
        return counter == 0 ? slot[0] >> 32 : slot[counter]
    }

    /// Sets counter `counter` of slot `number`, which is there and not closed.
    mutating func setCounter(
        _ counter: Int, of number: Int64, _ value: UInt64, _ layout: WindowLayout
    ) {
        let place = open(number, outdated: .min, layout)
        if isNarrow, value > Self.narrowCountMax {
            widen(layout)
            return setCounter(counter, of: number, value, layout)
        }
        if isNarrow {
            let cell = cell(place, layout)
            cell.pointee =
                cell.pointee & (1 << Self.narrowBits - 1) | UInt32(value) << Self.narrowBits
        } else if counter == 0 {
            slot(place, layout)[0] = slot(place, layout)[0] & 0xFFFF_FFFF | value << 32
        } else {
            slot(place, layout)[counter] = value
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

    /// Asks for the sums and the slots, as far as most windows have them.
    func prefetch(_ layout: WindowLayout) {
        let slots = isNarrow ? (Int(mask) + 1) / 2 : (Int(mask) + 1) * layout.stride
        for line in 0..<min((layout.totals + slots + 7) / 8, 5) { (words + line * 8).prefetch() }
    }

    /// Asks for the youngest slot, and for the oldest, which whoever adds one looks at.
    @inline(__always)
    func prefetchNewest(_ layout: WindowLayout) {
        let place = place(max(Int(count) - 1, 0))
        if isNarrow {
            cell(place, layout).prefetch()
            cell(Int(head), layout).prefetch()
        } else {
            slot(place, layout).prefetch()
        }
    }

    // MARK: Adding

    /// The place of slot `number`, which is made when it does not exist; constant time for the newest one. Slots up to
    /// `outdated` are of no use any more and may make room.
    @inline(__always)
    mutating func open(
        _ number: Int64, outdated: @autoclosure () -> Int64, _ layout: WindowLayout
    ) -> Int {
        if count > 0, newestNumber == number { return place(Int(count) - 1) }
        let isNext =
            count > 0 && count <= mask && number > newestNumber && number > closedThrough
            && number - newestNumber < Self.nextSpan
        if isNext, !isNarrow { return append(number, layout) }
        return insert(number, outdated(), layout)
    }

    /// Slots so near to the youngest one need no look at the others.
    private static var nextSpan: Int64 { 1 << 16 }

    /// Makes slot `number`, which is younger than all others and open; there is room.
    @inline(__always)
    private mutating func append(_ number: Int64, _ layout: WindowLayout) -> Int {
        let fresh = place(Int(count))
        count += 1
        newestNumber = number
        prepare(fresh, number, layout)
        return fresh
    }

    @inline(never)
    private mutating func insert(
        _ number: Int64, _ outdated: Int64, _ layout: WindowLayout
    ) -> Int {
        if count > mask || number.minusClamped(newestNumber) > Self.spanMax / 2 {
            dropOldest(through: outdated, layout)
        }
        if isNarrow, !isWithinReach(number, layout) {
            dropOldest(through: outdated, layout)
            if !isWithinReach(number, layout) { widen(layout) }
        }
        if count > mask { grow(layout) }
        if count == 0 { newestNumber = number }
        var index = Int(count)
        while index > 0, self.number(index - 1, layout) >= number { index -= 1 }
        if index < Int(count), self.number(index, layout) == number { return place(index) }
        count += 1
        var moved = Int(count) - 1
        while moved > index {
            move(place(moved - 1), to: place(moved), layout)
            moved -= 1
        }
        let fresh = place(index)
        newestNumber = max(newestNumber, number)
        prepare(fresh, number, layout)
        if index < Int(closedCount) || number <= closedThrough { closedCount += 1 }
        if index < Int(baseCount) { baseCount += 1 }
        return fresh
    }

    /// Whether narrow cells tell slot `number` from all that are there.
    private func isWithinReach(_ number: Int64, _ layout: WindowLayout) -> Bool {
        guard count > 0 else { return true }
        let oldest = min(self.number(0, layout), number)
        return max(newestNumber, number).minusClamped(oldest) <= Self.narrowSpanMax
    }

    private func move(_ place: Int, to other: Int, _ layout: WindowLayout) {
        if isNarrow {
            cell(other, layout).pointee = cell(place, layout).pointee
        } else {
            slot(other, layout).update(from: slot(place, layout), count: layout.stride)
        }
    }

    private func prepare(_ place: Int, _ number: Int64, _ layout: WindowLayout) {
        let low = UInt32(truncatingIfNeeded: number)
        if isNarrow {
            cell(place, layout).pointee = low & (1 << Self.narrowBits - 1)
            return
        }
        let fresh = slot(place, layout)
        fresh.update(repeating: 0, count: layout.stride)
        fresh[0] = UInt64(low)
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

    /// Counts in the counters of `mask`, in slot `number` of this window, which is at `place`.
    @inline(__always)
    mutating func count(
        _ mask: UInt32, at place: Int, number: Int64, _ layout: WindowLayout
    ) {
        let isClosed = number <= closedThrough
        if isNarrow {
            // A layout of one word has one counter.
            let cell = cell(place, layout)
            guard cell.pointee >> Self.narrowBits < Self.narrowCountMax else {
                return widenAndCount(number, layout)
            }
            cell.pointee &+= 1 << Self.narrowBits
            if isClosed { words[0] &+= 1 }
        } else {
            countWide(mask, slot(place, layout), isClosed)
        }
    }

    @inline(never)
    private mutating func widenAndCount(_ number: Int64, _ layout: WindowLayout) {
        widen(layout)
        let place = open(number, outdated: .min, layout)
        countWide(1, slot(place, layout), number <= closedThrough)
    }

    @inline(__always)
    private func countWide(
        _ mask: UInt32, _ slot: UnsafeMutablePointer<UInt64>, _ isClosed: Bool
    ) {
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
        // From the few slots that most groups have to a whole window at once: pieces of many sizes, left behind by windows that
        // grew, would be more.
        let factor = isNarrow && mask < 31 ? 8 : 2
        relocate((Int(mask) + 1) * factor, isNarrow: isNarrow, layout)
    }

    /// Gives slots whole words.
    @inline(never)
    private mutating func widen(_ layout: WindowLayout) {
        relocate(Int(mask) + 1, isNarrow: false, layout)
    }

    private mutating func relocate(_ capacity: Int, isNarrow: Bool, _ layout: WindowLayout) {
        var fresh = self
        fresh.words = Self.allocate(capacity, isNarrow: isNarrow, layout)
        fresh.words.update(from: words, count: layout.totals)
        fresh.isNarrow = isNarrow
        fresh.head = 0
        fresh.mask = Int32(capacity - 1)
        for index in 0..<Int(count) {
            let place = place(index)
            if isNarrow {
                fresh.cell(index, layout).pointee = cell(place, layout).pointee
            } else if self.isNarrow {
                let number = UInt32(truncatingIfNeeded: number(index, layout))
                fresh.slot(index, layout)[0] =
                    counter(0, at: place, layout) << 32 | UInt64(number)
            } else {
                fresh.slot(index, layout).update(from: slot(place, layout), count: layout.stride)
            }
        }
        words.deallocate()
        self = fresh
    }

    // MARK: Restoring

    /// Takes over that slots up to `last` are closed, for a window that was filled with its slots again.
    mutating func restoreClosed(
        through last: Int64, length: Int64, _ layout: WindowLayout
    ) {
        closedThrough = last
        for index in 0..<Int(count) {
            let number = number(index, layout)
            guard number <= last else { break }
            let isBase = number <= last &- length
            if isBase { baseCount += 1 }
            closedCount += 1
            if isBase, !layout.hasBaseline { continue }
            let totals = isBase ? words + layout.counters : words
            for counter in 0..<layout.counters {
                totals[counter] &+= self.counter(counter, at: place(index), layout)
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
            let oldest = Int(closedCount)
            guard number(oldest, layout) <= last else { break }
            for index in 0..<layout.counters {
                words[index] &+= counter(index, at: place(oldest), layout)
            }
            closedCount += 1
        }
        let before = last &- length
        while baseCount < closedCount, number(Int(baseCount), layout) <= before {
            let place = place(Int(baseCount))
            for index in 0..<layout.counters {
                let counter = counter(index, at: place, layout)
                words[index] &-= counter
                if layout.hasBaseline { words[layout.counters + index] &+= counter }
            }
            baseCount += 1
        }
        dropOldest(through: before &- baseline, layout)
    }

    private mutating func dropOldest(through last: Int64, _ layout: WindowLayout) {
        while count > 0, number(0, layout) <= last {
            let place = place(0)
            if baseCount > 0 {
                if layout.hasBaseline {
                    for index in 0..<layout.counters {
                        words[layout.counters + index] &-= counter(index, at: place, layout)
                    }
                }
                baseCount -= 1
                closedCount -= 1
            } else if closedCount > 0 {
                for index in 0..<layout.counters {
                    words[index] &-= counter(index, at: place, layout)
                }
                closedCount -= 1
            }
            if layout.hasObjects { clear(slot(place, layout), layout) }
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

    /// Calls `body` with the words of every slot from `first` to `last`, in order; for layouts of more than one word.
    func forEachSlot(
        from first: Int64, through last: Int64, _ layout: WindowLayout,
        _ body: (UnsafeMutablePointer<UInt64>) -> Void
    ) {
        for index in 0..<Int(count) {
            let number = number(index, layout)
            if number > last { return }
            if number >= first { body(slot(place(index), layout)) }
        }
    }

    /// Counter `index` summed over the slots from `first` to `last`, open ones included.
    func sum(
        _ counter: Int, from first: Int64, through last: Int64, _ layout: WindowLayout
    ) -> UInt64 {
        var result: UInt64 = 0
        var index = Int(count) - 1
        while index >= 0 {
            let number = number(index, layout)
            if number < first { break }
            if number <= last { result &+= self.counter(counter, at: place(index), layout) }
            index -= 1
        }
        return result
    }

    /// True when a slot that has not left the window holds something in one of the counters of `mask`.
    func holds(_ mask: UInt32, _ layout: WindowLayout) -> Bool {
        var index = Int(baseCount)
        while index < Int(count) {
            let place = place(index)
            var rest = mask
            while rest != 0 {
                if counter(rest.trailingZeroBitCount, at: place, layout) != 0 { return true }
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
