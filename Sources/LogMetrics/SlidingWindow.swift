/// The last slots of event time, how many of how many records each has seen, and their sum up to a boundary.
///
/// A slot is a number: event time divided by the slot's length. Only slots that hold something take memory. A slot is open
/// until `close` passes it; closing adds it to `closed`, the sum over the window, and takes out the slots that have left it.
/// Worked example, a window of 3 slots, one record in each of the slots 7, 8 and 10:
///
///     close(through: 8)    closed = slots 6…8  = 2      slot 10 is open
///     close(through: 10)   closed = slots 8…10 = 2      slot 7 has left
///     close(through: 13)   closed = slots 11…13 = 0     nothing is held
///
/// Two counts decide whatever a rule asks: a share directly, and a quantile because it exceeds a threshold if and only if
/// enough of the values do. So closing costs a few additions however many records came. A window made with `keepsSamples`
/// also keeps the values, slot by slot, for the moment when somebody wants to read the quantile itself.
///
/// The slots stand in a ring, oldest first, ordered by number: 16 bytes each, and 24 more with samples. Since only integers
/// are added and taken away again, what a window held before leaves no trace.
@frozen
public struct SlidingWindow: ~Copyable {
    @usableFromInline
    struct Slot: BitwiseCopyable {
        @usableFromInline var number: Int64
        @usableFromInline var part: UInt32 = 0
        @usableFromInline var whole: UInt32 = 0

        @inlinable
        init(_ number: Int64) { self.number = number }
    }

    /// Most groups of most rules have records in one or two slots.
    private static var firstCapacity: Int { 2 }

    @usableFromInline var slots: UnsafeMutablePointer<Slot>
    /// Beside `slots`, nil when the window keeps none.
    @usableFromInline var samples: UnsafeMutablePointer<SlotSamples>?
    /// The place of the oldest slot.
    @usableFromInline var head: Int32 = 0
    @usableFromInline var count: Int32 = 0
    /// The places less one; their number is a power of two.
    @usableFromInline var mask: Int32
    /// The oldest slots that are part of `closed`.
    @usableFromInline var closedCount: Int32 = 0
    /// The last slot that is closed.
    @usableFromInline var closedThrough: Int64 = .min
    /// The sum over the window that ends with the last closed slot.
    public private(set) var closed = CountPair()
    /// The part of all slots together, open ones included.
    public private(set) var heldPart: UInt64 = 0

    /// An empty window.
    public init(keepsSamples: Bool = false) {
        slots = .allocate(capacity: Self.firstCapacity)
        samples = keepsSamples ? .allocate(capacity: Self.firstCapacity) : nil
        mask = Int32(Self.firstCapacity - 1)
    }

    deinit {
        if let samples {
            for index in 0..<Int(count) { (samples + place(index)).deinitialize(count: 1) }
            samples.deallocate()
        }
        slots.deallocate()
    }

    /// True when no slot holds anything.
    @inlinable
    public var isEmpty: Bool { count == 0 }

    /// The latest slot that holds something.
    @inlinable
    public var newest: Int64? { count > 0 ? slots[place(Int(count) - 1)].number : nil }

    /// The memory in use, without that of histograms.
    public var bytes: Int {
        let slotBytes = MemoryLayout<Slot>.stride
        let sampleBytes = samples == nil ? 0 : MemoryLayout<SlotSamples>.stride
        return MemoryLayout<SlidingWindow>.size + (Int(mask) + 1) * (slotBytes + sampleBytes)
    }

    /// Where the slot stands that is `index` slots younger than the oldest.
    @inlinable @inline(__always)
    func place(_ index: Int) -> Int { (Int(head) + index) & Int(mask) }

    // MARK: Adding

    /// Counts one record in slot `number`; constant time for the newest slot. Slots up to `outdated` are of no use any more
    /// and may make room. A slot that has seen 2³² records counts no more.
    @inlinable @inline(__always)
    public mutating func add(isPart: Bool, slot number: Int64, outdated: Int64 = .min) {
        let place = slotPlace(number, outdated)
        count(isPart, at: place)
    }

    /// Counts one record in slot `number` and keeps its value.
    @inlinable @inline(__always)
    public mutating func add(
        isPart: Bool, sample: Double, slot number: Int64, outdated: Int64 = .min
    ) {
        let place = slotPlace(number, outdated)
        if let samples { samples[place].record(sample, after: slots[place].whole) }
        count(isPart, at: place)
    }

    @inlinable @inline(__always)
    mutating func count(_ isPart: Bool, at place: Int) {
        guard slots[place].whole < .max else { return }
        slots[place].whole &+= 1
        if isPart { slots[place].part &+= 1 }
        note(isPart, slots[place].number)
    }

    @usableFromInline @inline(__always)
    mutating func note(_ isPart: Bool, _ number: Int64) {
        let part: UInt64 = isPart ? 1 : 0
        heldPart &+= part
        if number <= closedThrough {
            closed.part &+= part
            closed.whole &+= 1
        }
    }

    /// The place of slot `number`, which is made when it does not exist.
    @inlinable @inline(__always)
    mutating func slotPlace(_ number: Int64, _ outdated: Int64) -> Int {
        if count > 0 {
            let newest = place(Int(count) - 1)
            if slots[newest].number == number { return newest }
        }
        return insert(number, outdated)
    }

    @usableFromInline
    mutating func insert(_ number: Int64, _ outdated: Int64) -> Int {
        if count > mask {
            drop(through: outdated)
            if count > mask { grow() }
        }
        var index = Int(count)
        while index > 0, slots[place(index - 1)].number >= number { index -= 1 }
        if index < Int(count), slots[place(index)].number == number { return place(index) }
        var moved = Int(count)
        while moved > index {
            let from = place(moved - 1)
            let to = place(moved)
            slots[to] = slots[from]
            if let samples { (samples + to).moveInitialize(from: samples + from, count: 1) }
            moved -= 1
        }
        let fresh = place(index)
        slots[fresh] = Slot(number)
        if let samples { (samples + fresh).initialize(to: SlotSamples()) }
        count += 1
        if number <= closedThrough { closedCount += 1 }
        return fresh
    }

    private mutating func grow() {
        let capacity = Int(mask) + 1
        let freshSlots = UnsafeMutablePointer<Slot>.allocate(capacity: capacity * 2)
        for index in 0..<Int(count) { freshSlots[index] = slots[place(index)] }
        if let samples {
            let freshSamples = UnsafeMutablePointer<SlotSamples>.allocate(capacity: capacity * 2)
            for index in 0..<Int(count) {
                (freshSamples + index).moveInitialize(from: samples + place(index), count: 1)
            }
            samples.deallocate()
            self.samples = freshSamples
        }
        slots.deallocate()
        slots = freshSlots
        head = 0
        mask = Int32(capacity * 2 - 1)
    }

    // MARK: Closing

    /// Closes all slots up to `last` and drops those that a window of `length` slots ending there does not reach.
    public mutating func close(through last: Int64, length: Int64) {
        guard last > closedThrough else { return }
        closedThrough = last
        while closedCount < count {
            let slot = slots[place(Int(closedCount))]
            guard slot.number <= last else { break }
            closed.part &+= UInt64(slot.part)
            closed.whole &+= UInt64(slot.whole)
            closedCount += 1
        }
        drop(through: last &- length)
    }

    private mutating func drop(through last: Int64) {
        while count > 0, slots[Int(head)].number <= last {
            let slot = slots[Int(head)]
            heldPart &-= UInt64(slot.part)
            if closedCount > 0 {
                closed.part &-= UInt64(slot.part)
                closed.whole &-= UInt64(slot.whole)
                closedCount -= 1
            }
            if let samples { (samples + Int(head)).deinitialize(count: 1) }
            head = (head + 1) & mask
            count -= 1
        }
    }

    // MARK: Reading

    /// The sum over the `length` slots that end with `last`, open ones included.
    public func sum(endingAt last: Int64, length: Int64) -> CountPair {
        var result = CountPair()
        var index = Int(count) - 1
        while index >= 0 {
            let slot = slots[place(index)]
            if slot.number <= last &- length { break }
            if slot.number <= last {
                result.part &+= UInt64(slot.part)
                result.whole &+= UInt64(slot.whole)
            }
            index -= 1
        }
        return result
    }

    /// The values in the window that ends with the last closed slot, put together anew: for whoever reads them rarely.
    public func closedSamples() -> LatencyHistogram {
        var result = LatencyHistogram()
        guard let samples else { return result }
        for index in 0..<Int(closedCount) {
            let place = place(index)
            samples[place].add(slots[place].whole, to: &result)
        }
        return result
    }
}
