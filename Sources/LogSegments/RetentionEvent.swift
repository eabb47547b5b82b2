internal import LogRecords

/// Something that retention did, or could not do: a sentence for the operator, and the figures in it.
public enum RetentionEvent: Sendable, Equatable, CustomStringConvertible {
    /// A partition is gone, since the given time.
    case deleted(PlannedRemoval, at: Int64)
    /// A partition should have gone; some or all of its files are there still.
    case failed(PlannedRemoval, message: String)
    /// Nothing was deleted, because the clock is not to be trusted.
    case paused(ClockPause)
    /// The data directory is larger than it may be, and nothing has been deleted for that yet.
    case aboveLimit(usedBytes: Int, limitBytes: Int)
    /// Everything that may go has gone, and the data directory is larger than it may be: what is left is the journal, or
    /// partitions that nobody can read.
    case stillAboveLimit(usedBytes: Int, limitBytes: Int)

    /// What happened, to what, and why.
    public var description: String {
        switch self {
        case .deleted(let removal, let time):
            let fate = removal.fate
            return "deleted class \(fate.key.className), \(fate.key.dayName): \(fate.lines) lines, "
                + "\(ByteSize(fate.storedBytes)), newest line of "
                + "\(Timestamp.text(fate.newest, digits: 0)), at \(Timestamp.text(time, digits: 0)): "
                + "\(removal.reason)"
        case .failed(let removal, let message):
            return "class \(removal.fate.key.className), \(removal.fate.key.dayName) should go "
                + "(\(removal.reason)) and could not be deleted: \(message); it is tried again"
        case .paused(let pause):
            return pause.description
        case .aboveLimit(let used, let limit):
            return
                "the data directory has \(ByteSize(used)), --max-disk allows \(ByteSize(limit)): what "
                + "has expired, and then the oldest days, are deleted when lines have been sealed, "
                + "in ten minutes or at the end, whichever is first"
        case .stillAboveLimit(let used, let limit):
            return
                "the data directory has \(ByteSize(used)), --max-disk allows \(ByteSize(limit)), "
                + "and nothing is left that could be deleted"
        }
    }
}
