internal import LogBytes
internal import LogMetrics

/// Records that count, and wait until there are enough of them to be added to their rules together: rows of those that
/// `RecordInputs` has loaded.
struct PendingRows: ~Copyable {
    /// What a record adds to a rule, and where.
    struct Touch: BitwiseCopyable {
        let rule: Int32
        let row: Int32
        /// The number of the group's key (`KeyNumbers`).
        let group: Int32
        /// The number of the group in the rule's table, −1 while there is none.
        var number: Int32 = -1
        let contribution: Contribution
    }

    /// The rows that concern a rule.
    struct Selected: BitwiseCopyable {
        let rule: Int
        let rows: UInt64
    }

    /// The touches of one rule.
    struct Run: BitwiseCopyable {
        let rule: Int
        let start: Int
        let end: Int
    }

    /// The rows that wait, one bit each.
    private(set) var rows: UInt64 = 0
    /// When each row counts.
    let times: UnsafeMutablePointer<Int64>
    /// The watermark behind which each row stands: boundaries up to it are evaluated first.
    let watermarks: UnsafeMutablePointer<Int64>
    /// Of rows without a time of their own the arrival, under which they are stored; else `.min`.
    let arrivals: UnsafeMutablePointer<Int64>
    /// Whether there are rows without a time of their own that are stored under a later one than they count at.
    private(set) var hasTimeless = false
    private(set) var lastWatermark = Int64.min

    var selected = Vector<Selected>(capacity: 16)
    var touches = Vector<Touch>(capacity: 256)
    var runs = Vector<Run>(capacity: 16)
    /// Touches that have to be added in the order of their rows, by their places in `touches`.
    var ordered = Vector<Int32>(capacity: 64)
    private var sorted = Vector<Int32>(capacity: 64)
    private let counts: UnsafeMutablePointer<Int>
    /// Operations that contributions refer to.
    var further = Vector<SlotOperation>(capacity: 16)

    init() {
        let count = RecordInputs.rowsMax
        times = .allocate(capacity: count)
        watermarks = .allocate(capacity: count)
        arrivals = .allocate(capacity: count)
        counts = .allocate(capacity: count)
    }

    deinit {
        times.deallocate()
        watermarks.deallocate()
        arrivals.deallocate()
        counts.deallocate()
    }

    /// The watermark of the first row.
    var firstWatermark: Int64 { watermarks[rows.trailingZeroBitCount & 63] }

    /// Adds a row behind the others.
    @inline(__always)
    mutating func append(_ row: Int, time: Int64, watermark: Int64, arrival: Int64) {
        rows |= 1 << UInt64(row)
        times[row] = time
        watermarks[row] = watermark
        lastWatermark = watermark
        arrivals[row] = arrival
        if arrival > time { hasTimeless = true }
    }

    /// The places of the touches in `ordered`, by row and rule. They came by rule and row.
    mutating func sortOrdered() -> UnsafeBufferPointer<Int32> {
        counts.update(repeating: 0, count: RecordInputs.rowsMax)
        for place in ordered.buffer { counts[Int(touches[Int(place)].row)] += 1 }
        var start = 0
        for row in 0..<RecordInputs.rowsMax {
            let count = counts[row]
            counts[row] = start
            start += count
        }
        sorted.removeAll()
        sorted.reserve(ordered.count)
        for place in ordered.buffer {
            let row = Int(touches[Int(place)].row)
            sorted[counts[row]] = place
            counts[row] += 1
        }
        sorted.advance(ordered.count)
        return sorted.buffer
    }

    mutating func removeAll() {
        rows = 0
        hasTimeless = false
        selected.removeAll()
        removeTouches()
    }

    mutating func removeTouches() {
        touches.removeAll()
        runs.removeAll()
        ordered.removeAll()
        further.removeAll()
    }
}
