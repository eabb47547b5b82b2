/// Event time while nobody writes: it goes on by the wall clock, so that an alert fires or ends although its stream is quiet.
///
/// That holds for live streams only, whose records are about as old as the wall clock. The records of a replay are older, and
/// their time stands still with them. Writers may hold records back: `grace` passes before silence counts as such, and event
/// time then stays that far behind.
struct SilenceClock {
    /// How far the latest record of a live stream may be from the wall clock, either way (5 min).
    static let liveDistance: Int64 = 300_000_000_000
    /// How long a writer may hold back what it wrote (15 s): buffers that are flushed when full or every few seconds. Longer
    /// waits cost alerts more than they save.
    static let grace: Int64 = 15_000_000_000
    /// How often event time moves on (1 s): alerts are no more exact than that.
    static let tick: Int64 = 1_000_000_000

    /// The latest event time, and when it was heard of (monotonic); nil before the first record and in a replay.
    private var heard: (eventTime: Int64, instant: Int64)?
    /// The monotonic time at which event time moves on next.
    private(set) var due: Int64?

    /// Takes note of records that came.
    ///
    /// - Parameters:
    ///   - eventTime: the latest event time of the stream.
    ///   - arrival: the wall clock when the records came.
    ///   - instant: the monotonic clock then.
    mutating func hear(eventTime: Int64?, arrival: Int64, instant: Int64) {
        heard = nil
        due = nil
        guard let eventTime,
            case (let distance, let overflow) = arrival.subtractingReportingOverflow(eventTime),
            !overflow, abs(distance) <= Self.liveDistance
        else { return }
        heard = (eventTime, instant)
        due = instant + Self.grace + Self.tick
    }

    /// Begins as if the last record had come now: for rules that wait for records, of which none may ever come.
    mutating func begin(at time: Int64, instant: Int64) {
        hear(eventTime: time, arrival: time, instant: instant)
    }

    /// The event time at the monotonic time `instant`, once it is due; asking moves `due` on.
    mutating func eventTime(at instant: Int64) -> Int64? {
        guard let heard, let due, instant >= due else { return nil }
        self.due = instant + Self.tick
        return heard.eventTime + (instant - heard.instant - Self.grace)
    }
}
