internal import LogBytes
internal import LogRecords

/// Which slot of the recent sums a record belongs to.
///
/// Event time decides. A record more than an hour ahead of all before would push everything out of the windows, so it counts
/// at the latest time; when ten in a row are ahead, the stream has gone on and they are believed.
struct SlotClock: BitwiseCopyable {
    /// Seconds in a slot.
    static let slotSeconds: Int64 = 10
    /// Further ahead nothing is believed at once.
    private static let leapMax: Int64 = 3_600 * Timestamp.second
    private static let believedAfter = 10
    /// The slot of the year 2262, where nanoseconds end; numbers times twelve fit in 32 bits.
    static let slotMax: Int32 = 922_337_203

    /// The latest event time believed, nil before the first record.
    private(set) var latest = Int64.min
    private var ahead = 0
    private var start: Int64 = 0
    private var end: Int64 = 0
    private var number: Int32 = 0

    /// The fine slot of a record.
    @inline(__always)
    mutating func slot(_ time: Int64) -> Int32 {
        if time >= start, time < end {
            ahead = 0
            if time > latest { latest = time }
            return number
        }
        return slowSlot(time)
    }

    private mutating func slowSlot(_ time: Int64) -> Int32 {
        var time = max(time, 0)
        if latest != .min, time - latest > Self.leapMax {
            ahead += 1
            if ahead < Self.believedAfter { time = latest }
        } else {
            ahead = 0
        }
        latest = max(latest, time)
        let length = Self.slotSeconds * Timestamp.second
        number = Int32(truncatingIfNeeded: time / length)
        start = Int64(number) * length
        end = start + length
        return number
    }

    /// The fine slot of a time at which somebody asks.
    static func slot(of time: Int64) -> Int32 {
        Int32(clamping: max(time, 0) / (Self.slotSeconds * Timestamp.second))
    }

    func snapshot(into out: inout ByteWriter) {
        out.append(fixed: latest)
        out.append(UInt8(clamping: ahead))
    }

    mutating func restore(from reader: inout ByteReader) throws(MalformedBytes) {
        self = SlotClock()
        latest = try reader.fixed(Int64.self, "latest time")
        guard latest >= 0 || latest == .min else {
            throw MalformedBytes(offset: reader.offset, what: "latest time")
        }
        ahead = Int(try reader.fixed(UInt8.self, "records ahead"))
    }
}
