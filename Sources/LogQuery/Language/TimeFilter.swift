/// `_time:5m`: the record's time lies in a range.
public struct TimeFilter: Sendable, Equatable {
    /// The range.
    public let range: TimeRange
    /// The range as it was written behind `_time:`; relative to the clock of the parser.
    public let syntax: String

    /// The times in `range`, written as `syntax`.
    public init(range: TimeRange, syntax: String) {
        self.range = range
        self.syntax = syntax
    }
}
