/// `_time:5m`: the record's time lies in a range, or on certain days and at certain hours.
public struct TimeFilter: Sendable, Equatable {
    /// The range.
    public let range: TimeRange
    /// The range as it was written behind `_time:`; relative to the clock of the parser.
    public let syntax: String
    /// The days or hours within the range; nil for all.
    public let schedule: TimeSchedule?

    /// The times in `range`, written as `syntax`.
    public init(range: TimeRange, syntax: String) {
        self.init(range: range, syntax: syntax, schedule: nil)
    }

    init(range: TimeRange, syntax: String, schedule: TimeSchedule?) {
        self.range = range
        self.syntax = syntax
        self.schedule = schedule
    }

    /// Whether `time` matches.
    public func contains(_ time: Int64) -> Bool {
        range.contains(time) && schedule?.contains(time) ?? true
    }
}
