internal import LogBytes
internal import LogRecords

/// Event time: which moment a record counts at, and how far time has come.
///
/// The watermark stands `lateness` behind the latest event time; boundaries that it has passed are evaluated, and records
/// behind it are late. All decisions depend on the order of the records alone, so that a stream gives the same alerts
/// however it is cut into batches, live or replayed:
///
/// - A record with a time of its own counts at that time, and moves the clock forward.
/// - A record without one counts at the latest event time and never moves the clock. Until the first record with a time of
///   its own, the time of arrival is the clock; that first record then starts everything anew.
/// - A record more than `aheadMax` ahead of the latest event time is held back: is the clock of its writer wrong, or was
///   the stream quiet? When `agreeingMin` such records in a row agree, time has come that far, and they count at their own
///   times. When a record with an ordinary time comes first, they count at the latest event time.
struct EventClock {
    /// How much later than its successors a record may come (10 s): several processes and container runtimes buffer for
    /// a second or so, and an alert cannot wait much longer.
    static let lateness = 10 * Timestamp.second
    /// How far time may leap without being doubted (1 h): wrong time zones and broken clocks are off by hours.
    static let aheadMax = 3_600 * Timestamp.second
    /// So many records in a row must agree on a leap: more than one process writes in one burst.
    static let agreeingMin = 10
    /// Later times are taken as this one, so that sums with windows cannot overflow.
    static let timeMax = Int64.max - 3_660 * Timestamp.day

    private enum Source: UInt8 {
        case none, arrival, own
    }

    enum Placement {
        /// The record counts at this time.
        case at(Int64)
        /// The record comes too late to count.
        case late
        /// The record is held back.
        case held(Int64)
        /// The records before this one had no times: forget them, then place it again.
        case restart
    }

    private var source = Source.none
    /// The latest event time.
    private(set) var latest = Int64.min
    /// Everything before it is decided.
    private(set) var watermark = Int64.min
    private(set) var heldCount = 0
    private var heldLatest = Int64.min
    /// Set when the records held back so far turned out to be wrong, or right.
    private(set) var verdict = Verdict.open

    enum Verdict {
        case open, rejected, accepted
    }

    /// Decides about the next record. Afterwards `verdict` says what becomes of those that were held back before it.
    mutating func place(_ record: Record) -> Placement {
        verdict = .open
        let time = min(record.time, Self.timeMax)
        guard record.hasOwnTime else { return placeByArrival(time) }
        switch source {
        case .arrival:
            source = .none
            latest = .min
            watermark = .min
            return .restart
        case .none:
            source = .own
            advance(to: time)
            return .at(time)
        case .own: break
        }
        if time > latest + Self.aheadMax { return hold(time) }
        if heldCount > 0 { verdict = .rejected }
        heldCount = 0
        if time < watermark { return .late }
        if time > latest { advance(to: time) }
        return .at(time)
    }

    private mutating func placeByArrival(_ time: Int64) -> Placement {
        if source == .own { return .at(latest) }
        source = .arrival
        if time > latest { advance(to: time) }
        return .at(latest)
    }

    private mutating func hold(_ time: Int64) -> Placement {
        if heldCount > 0, time < heldLatest - Self.aheadMax {
            verdict = .rejected
            heldCount = 0
            heldLatest = .min
        }
        heldLatest = heldCount == 0 ? time : max(heldLatest, time)
        heldCount += 1
        if heldCount == Self.agreeingMin {
            verdict = .accepted
            heldCount = 0
        }
        return .held(time)
    }

    /// The placement of a record that was held back and believed; nil when it is late.
    mutating func placeBelieved(_ time: Int64) -> Int64? {
        if time < watermark { return nil }
        if time > latest { advance(to: time) }
        return time
    }

    /// Believes what is held back.
    mutating func acceptHeld() {
        verdict = .accepted
        heldCount = 0
    }

    /// Begins at `time`, before any record. The first record with a time of its own starts everything anew.
    mutating func begin(at time: Int64) {
        source = .arrival
        advance(to: time)
    }

    mutating func advance(to time: Int64) {
        latest = time
        watermark = time - Self.lateness
    }

    /// Nothing before `time` can come any more.
    mutating func seal(before time: Int64) { watermark = max(watermark, time) }

    // MARK: Snapshots

    func write(into out: inout ByteWriter) {
        out.append(source.rawValue)
        for time in [latest, watermark, heldLatest] { out.append(zigzag: time) }
        out.append(length: heldCount)
    }

    mutating func read(_ reader: inout ByteReader) throws(MalformedBytes) {
        let kind = try reader.fixed(UInt8.self, "the clock's source")
        guard let source = Source(rawValue: kind) else {
            throw reader.malformed("the clock's source")
        }
        self.source = source
        latest = try Self.time(&reader)
        watermark = try Self.time(&reader)
        heldLatest = try Self.time(&reader)
        heldCount = try reader.length(atMost: Self.agreeingMin, "records held back")
        guard (source == .none) == (latest == .min) else { throw reader.malformed("the clock") }
    }

    /// A time that sums with windows cannot overflow; the least one stands for none.
    static func time(_ reader: inout ByteReader) throws(MalformedBytes) -> Int64 {
        let time = try reader.zigzag("a time")
        guard time == .min || abs(time) <= timeMax else { throw reader.malformed("a time") }
        return time
    }
}
