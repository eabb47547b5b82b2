internal import LogBytes
internal import LogRecords

/// How many, and how much, in the last minutes and the last hour of event time.
///
/// The last 320 s are 32 slots of 10 s. A slot that leaves them is added to its slot of two minutes, of which there are 32
/// too, so that a record touches one slot only. Worked example, with records at 0 s, 15 s and 330 s:
///
///     fine slots 0 and 1 hold one record each; 33 drives out all up to 1, which go to coarse slot 0
///     last 5 minutes at 335 s = slots 4…33 = 1;  last hour = coarse 0 and fine 2…33 = 3
///
/// So a sum over minutes is exact to 10 s and one over an hour to two minutes. Two masks say which slots hold something:
/// where many series take turns, each has few, and going on looks at those only. Nothing is allocated before the first
/// record; then
///
///     mask of the fine slots 4 │ of the coarse ones 4 │ 32 fine slots │ 32 coarse slots
///
/// which are 520 bytes for counts and 776 for sums.
struct RecentSums<Slot: RecentSlot>: ~Copyable {
    private static var ring: Int32 { 32 }
    /// Fine slots in a coarse one.
    private static var coarseLength: Int32 { 12 }
    private static var headerBytes: Int { 8 }
    private static var bytes: Int { headerBytes + 2 * 32 * MemoryLayout<Slot>.stride }

    private var block: UnsafeMutableRawPointer?
    private var newest = Int32.min

    init() { block = nil }

    deinit { block?.deallocate() }

    var isEmpty: Bool { block == nil }

    /// The fine slots first.
    @inline(__always)
    private static func slots(_ block: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Slot> {
        (block + headerBytes).assumingMemoryBound(to: Slot.self)
    }

    /// Which slots hold something: the mask of the fine ones, then that of the coarse ones.
    @inline(__always)
    private static func masks(_ block: UnsafeMutableRawPointer) -> UnsafeMutablePointer<UInt32> {
        block.assumingMemoryBound(to: UInt32.self)
    }

    /// Adds one record in fine slot `slot`, which is not negative.
    @inline(__always)
    mutating func add(_ value: Slot, slot: Int32) {
        if slot == newest, let block {
            Self.slots(block)[Int(slot & 31)].add(value)
        } else {
            addElsewhere(value, slot)
        }
    }

    /// Adds a record that is the first of its slot, or late.
    private mutating func addElsewhere(_ value: Slot, _ slot: Int32) {
        if slot > newest { advance(to: slot) }
        guard let block else { return }
        let place = slot > newest &- Self.ring ? Int(slot & 31) : coarsePlace(slot)
        guard place >= 0 else { return }
        Self.add(value, at: place, block)
    }

    @inline(__always)
    private static func add(_ value: Slot, at place: Int, _ block: UnsafeMutableRawPointer) {
        slots(block)[place].add(value)
        masks(block)[place >> 5] |= 1 << UInt32(place & 31)
    }

    /// The place of the coarse slot of fine slot `slot`, −1 when it has left.
    @inline(__always)
    private func coarsePlace(_ slot: Int32) -> Int {
        let coarse = slot / Self.coarseLength
        guard coarse > newest / Self.coarseLength - Self.ring else { return -1 }
        return 32 + Int(coarse & 31)
    }

    /// The places of the `length` slots of a ring that begin with `first`.
    @inline(__always)
    private static func run(from first: Int32, length: Int32) -> UInt32 {
        guard length < ring else { return .max }
        let run: UInt32 = 1 << UInt32(length) - 1
        let turn = UInt32(first & 31)
        return run << turn | (turn == 0 ? 0 : run >> (32 - turn))
    }

    private mutating func advance(to slot: Int32) {
        guard let block else {
            let fresh = UnsafeMutableRawPointer.allocate(byteCount: Self.bytes, alignment: 8)
            fresh.initializeMemory(as: UInt8.self, repeating: 0, count: Self.bytes)
            self.block = fresh
            newest = slot
            return
        }
        let previous = newest
        newest = slot
        let masks = Self.masks(block)
        let slots = Self.slots(block)
        let coarse = slot / Self.coarseLength
        let previousCoarse = previous / Self.coarseLength
        if coarse > previousCoarse {
            // Coarse slots that come into the ring now held an hour that is over.
            var over =
                masks[1] & Self.run(from: previousCoarse + 1, length: coarse - previousCoarse)
            masks[1] &= ~over
            while over != 0 {
                Self.clear(slots + 32 + over.trailingZeroBitCount)
                over &= over - 1
            }
        }
        // As many fine slots leave as come.
        var leaving = masks[0] & Self.run(from: previous + 1, length: slot - previous)
        masks[0] &= ~leaving
        while leaving != 0 {
            let place = leaving.trailingZeroBitCount
            let passed = previous - (previous - Int32(place)) & 31
            let target = coarsePlace(passed)
            if target >= 0 { Self.add(slots[place], at: target, block) }
            Self.clear(slots + place)
            leaving &= leaving - 1
        }
    }

    @inline(__always)
    private static func clear(_ slot: UnsafeMutablePointer<Slot>) {
        UnsafeMutableRawPointer(slot).initializeMemory(
            as: UInt8.self, repeating: 0, count: MemoryLayout<Slot>.stride)
    }

    /// The sum over the `length` fine slots that end with `last`.
    func sum(endingAt last: Int32, slots length: Int32) -> RecentSum {
        var result = RecentSum()
        guard let block else { return result }
        let first = last - length + 1
        func add(_ place: Int) {
            result.amount += Self.slots(block)[place].amount
            result.count += UInt64(Self.slots(block)[place].count)
        }
        var slot = max(first, newest - Self.ring + 1, 0)
        while slot <= min(last, newest) {
            add(Int(slot & 31))
            slot += 1
        }
        guard first <= newest - Self.ring else { return result }
        // A coarse slot counts when its middle is in the window.
        var coarse = max(newest / Self.coarseLength - Self.ring + 1, 0)
        while coarse * Self.coarseLength <= min(last, newest - Self.ring) {
            if coarse * Self.coarseLength + Self.coarseLength / 2 >= first {
                add(32 + Int(coarse & 31))
            }
            coarse += 1
        }
        return result
    }

    // MARK: Snapshot

    func snapshot(into out: inout ByteWriter) {
        guard let block else {
            out.append(0)
            return
        }
        out.append(1)
        out.append(fixed: newest)
        for place in 0..<64 where Self.slots(block)[place].count > 0 {
            out.append(UInt8(place + 1))
            out.append(varint: UInt64(Self.slots(block)[place].count))
            out.append(fixed: Self.slots(block)[place].amount.bitPattern)
        }
        out.append(0)
    }

    mutating func restore(from reader: inout ByteReader) throws(MalformedBytes) {
        guard try reader.fixed(UInt8.self, "recent sums") != 0 else { return }
        let newest = try reader.fixed(Int32.self, "newest slot")
        guard newest >= 0, newest <= SlotClock.slotMax else {
            throw MalformedBytes(offset: reader.offset, what: "newest slot")
        }
        advance(to: newest)
        while true {
            let place = Int(try reader.fixed(UInt8.self, "slot")) - 1
            if place < 0 { return }
            let count = UInt32(truncatingIfNeeded: try reader.varint("count of a slot"))
            let amount = Double(bitPattern: try reader.fixed(UInt64.self, "amount of a slot"))
            guard place < 64, let block, let slot = Slot(count: count, amount: amount) else {
                throw MalformedBytes(offset: reader.offset, what: "slot")
            }
            Self.add(slot, at: place, block)
        }
    }
}
