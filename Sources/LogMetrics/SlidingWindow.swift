/// A partial result that can be joined with another of its kind, and parted from it again.
///
/// Only integers may decide: what is added and taken away again must leave no trace, so that the sum over a window is the
/// same whatever it held before.
public protocol SlotAggregate: ~Copyable {
    /// The result of nothing.
    init()
    /// Adds all that `other` holds.
    mutating func merge(_ other: borrowing Self)
    /// Takes away what `other` holds, which was merged before.
    mutating func subtract(_ other: borrowing Self)
}

extension LatencyHistogram: SlotAggregate {}

/// How many of how many: 5xx of all requests, matches of all records.
@frozen
public struct CountPair: SlotAggregate, BitwiseCopyable, Equatable, Sendable {
    /// The records that count.
    public var part: UInt64
    /// The records they are counted among.
    public var whole: UInt64

    /// No records.
    @inlinable
    public init() {
        part = 0
        whole = 0
    }

    /// `part` of `whole` records.
    @inlinable
    public init(part: UInt64, whole: UInt64) {
        self.part = part
        self.whole = whole
    }

    /// Adds both counts.
    @inlinable @inline(__always)
    public mutating func merge(_ other: borrowing CountPair) {
        part &+= other.part
        whole &+= other.whole
    }

    /// Takes both counts away.
    @inlinable @inline(__always)
    public mutating func subtract(_ other: borrowing CountPair) {
        part &-= other.part
        whole &-= other.whole
    }
}

/// The last slots of event time, each with its partial aggregate, and their sum up to a boundary.
///
/// A slot is a number: event time divided by the slot's length. Only slots that hold something take memory. A slot is open
/// until `close` passes it; closing adds it to `closed`, the sum over the window, and takes out the slots that have left it.
/// Worked example, a window of 3 slots, one record in each of the slots 7, 8 and 10:
///
///     close(through: 8)    closed = slots 6…8  = 2      slot 10 is open
///     close(through: 10)   closed = slots 8…10 = 2      slot 7 has left
///     close(through: 13)   closed = slots 11…13 = 0     nothing is held
@frozen
public struct SlidingWindow<Aggregate: SlotAggregate & ~Copyable>: ~Copyable {
    @usableFromInline
    struct Slot: ~Copyable {
        @usableFromInline var number: Int64
        @usableFromInline var value: Aggregate

        @inlinable
        init(number: Int64) {
            self.number = number
            self.value = Aggregate()
        }
    }

    @usableFromInline var slots: UnsafeMutablePointer<Slot>?
    @usableFromInline var count: Int32 = 0
    @usableFromInline var capacity: Int32 = 0
    /// The slots in front that are part of `closed`.
    @usableFromInline var closedCount: Int32 = 0
    /// The last slot that is closed.
    @usableFromInline var closedThrough: Int64 = .min
    /// The sum over the window that ends with the last closed slot.
    public var closed: Aggregate

    /// An empty window.
    @inlinable
    public init() {
        slots = nil
        closed = Aggregate()
    }

    deinit {
        guard let slots else { return }
        slots.deinitialize(count: Int(count))
        slots.deallocate()
    }

    /// True when no slot holds anything.
    @inlinable
    public var isEmpty: Bool { count == 0 }

    /// The latest slot that holds something.
    @inlinable
    public var newest: Int64? {
        guard count > 0, let slots else { return nil }
        return slots[Int(count) - 1].number
    }

    /// Adds `addition` to slot `number`; constant time for the newest slot.
    @inlinable
    public mutating func add(_ addition: borrowing Aggregate, slot number: Int64) {
        let index = place(number)
        guard let slots else { return }
        slots[index].value.merge(addition)
        if index < Int(closedCount) { closed.merge(addition) }
    }

    /// Calls `body` with the aggregate of slot `number`, which must be open (newer than every closed one).
    @inlinable @inline(__always)
    public mutating func withOpenSlot(_ number: Int64, _ body: (inout Aggregate) -> Void) {
        let index = place(number)
        guard let slots else { return }
        body(&slots[index].value)
    }

    /// The index of slot `number`, which is made when it does not exist.
    @inlinable
    mutating func place(_ number: Int64) -> Int {
        if count > 0, let slots, slots[Int(count) - 1].number == number { return Int(count) - 1 }
        return insert(number)
    }

    @usableFromInline
    mutating func insert(_ number: Int64) -> Int {
        var index = Int(count)
        if let slots {
            while index > 0, slots[index - 1].number >= number { index -= 1 }
            if index < Int(count), slots[index].number == number { return index }
        }
        if count == capacity { grow() }
        guard let slots else { return 0 }
        var moved = Int(count)
        while moved > index {
            (slots + moved).moveInitialize(from: slots + (moved - 1), count: 1)
            moved -= 1
        }
        (slots + index).initialize(to: Slot(number: number))
        count += 1
        if number <= closedThrough { closedCount += 1 }
        return index
    }

    private mutating func grow() {
        // Most groups of most rules have records in one or two slots.
        let larger = capacity == 0 ? 2 : capacity * 2
        let fresh = UnsafeMutablePointer<Slot>.allocate(capacity: Int(larger))
        if let slots {
            fresh.moveInitialize(from: slots, count: Int(count))
            slots.deallocate()
        }
        slots = fresh
        capacity = larger
    }

    /// Closes all slots up to `last` and drops those that a window of `length` slots ending there does not reach.
    @inlinable
    public mutating func close(through last: Int64, length: Int64) {
        guard last > closedThrough else { return }
        closedThrough = last
        guard let slots, count > 0 else { return }
        while closedCount < count, slots[Int(closedCount)].number <= last {
            closed.merge(slots[Int(closedCount)].value)
            closedCount += 1
        }
        var expired = 0
        while expired < Int(closedCount), slots[expired].number <= last &- length {
            closed.subtract(slots[expired].value)
            expired += 1
        }
        if expired > 0 { dropFirst(expired) }
    }

    @usableFromInline
    mutating func dropFirst(_ expired: Int) {
        guard let slots else { return }
        slots.deinitialize(count: expired)
        var index = expired
        while index < Int(count) {
            (slots + (index - expired)).moveInitialize(from: slots + index, count: 1)
            index += 1
        }
        count -= Int32(expired)
        closedCount -= Int32(expired)
    }

    /// The sum over the `length` slots that end with `last`, open ones included.
    @inlinable
    public func sum(endingAt last: Int64, length: Int64) -> Aggregate {
        var result = Aggregate()
        guard let slots else { return result }
        var index = Int(count) - 1
        while index >= 0, slots[index].number > last &- length {
            if slots[index].number <= last { result.merge(slots[index].value) }
            index -= 1
        }
        return result
    }

    /// The first slot behind `number` that holds something.
    public func firstSlot(after number: Int64) -> Int64? {
        guard let slots else { return nil }
        return (0..<Int(count)).first { slots[$0].number > number }.map { slots[$0].number }
    }
}
