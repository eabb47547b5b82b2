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
/// So a sum over minutes is exact to 10 s and one over an hour to two minutes. Nothing is allocated before the first record;
/// then 768 bytes.
struct RecentSums: ~Copyable {
    /// How many records, and the sum of what they brought.
    struct Sum: Equatable {
        var count: UInt64 = 0
        var amount: Double = 0
    }

    /// Seconds in a fine slot.
    static let slotSeconds: Int64 = 10
    private static var ring: Int32 { 32 }
    /// Fine slots in a coarse one.
    private static var coarseLength: Int32 { 12 }
    private static var bytes: Int { 2 * 32 * (8 + 4) }

    /// 64 amounts, then 64 counts; the fine slots first.
    private var block: UnsafeMutableRawPointer?
    private var newest = Int32.min

    init() { block = nil }

    deinit { block?.deallocate() }

    var isEmpty: Bool { block == nil }

    @inline(__always)
    private static func amounts(_ block: UnsafeMutableRawPointer) -> UnsafeMutablePointer<Double> {
        block.assumingMemoryBound(to: Double.self)
    }

    @inline(__always)
    private static func counts(_ block: UnsafeMutableRawPointer) -> UnsafeMutablePointer<UInt32> {
        (block + 64 * 8).assumingMemoryBound(to: UInt32.self)
    }

    /// Adds one record in fine slot `slot`, which is not negative.
    @inline(__always)
    mutating func add(_ amount: Double, slot: Int32) {
        if slot > newest { advance(to: slot) }
        guard let block else { return }
        let place = slot > newest &- Self.ring ? Int(slot & 31) : coarsePlace(slot)
        guard place >= 0 else { return }
        Self.amounts(block)[place] += amount
        Self.counts(block)[place] &+= 1
    }

    /// The place of the coarse slot of fine slot `slot`, −1 when it has left.
    private func coarsePlace(_ slot: Int32) -> Int {
        let coarse = slot / Self.coarseLength
        guard coarse > newest / Self.coarseLength - Self.ring else { return -1 }
        return 32 + Int(coarse & 31)
    }

    private mutating func advance(to slot: Int32) {
        guard let block else {
            let fresh = UnsafeMutableRawPointer.allocate(byteCount: Self.bytes, alignment: 8)
            fresh.initializeMemory(as: UInt8.self, repeating: 0, count: Self.bytes)
            self.block = fresh
            newest = slot
            return
        }
        let amounts = Self.amounts(block)
        let counts = Self.counts(block)
        // Coarse slots that come into the ring now held an hour that is over.
        let coarse = slot / Self.coarseLength
        var fresh = max(newest / Self.coarseLength + 1, coarse - Self.ring + 1)
        while fresh <= coarse {
            amounts[32 + Int(fresh & 31)] = 0
            counts[32 + Int(fresh & 31)] = 0
            fresh += 1
        }
        let previous = newest
        newest = slot
        var passed = max(previous - Self.ring + 1, 0)
        while passed <= min(previous, slot - Self.ring) {
            let place = coarsePlace(passed)
            if place >= 0 {
                amounts[place] += amounts[Int(passed & 31)]
                counts[place] &+= counts[Int(passed & 31)]
            }
            amounts[Int(passed & 31)] = 0
            counts[Int(passed & 31)] = 0
            passed += 1
        }
    }

    /// The sum over the `length` fine slots that end with `last`.
    func sum(endingAt last: Int32, slots length: Int32) -> Sum {
        var result = Sum()
        guard let block else { return result }
        let first = last - length + 1
        func add(_ place: Int) {
            result.amount += Self.amounts(block)[place]
            result.count += UInt64(Self.counts(block)[place])
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
        for place in 0..<64 where Self.counts(block)[place] > 0 {
            out.append(UInt8(place + 1))
            out.append(varint: UInt64(Self.counts(block)[place]))
            out.append(fixed: Self.amounts(block)[place].bitPattern)
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
            guard place < 64, let block else {
                throw MalformedBytes(offset: reader.offset, what: "slot")
            }
            Self.counts(block)[place] = UInt32(
                truncatingIfNeeded: try reader.varint("count of a slot"))
            Self.amounts(block)[place] = Double(
                bitPattern: try reader.fixed(UInt64.self, "amount of a slot"))
        }
    }
}
