internal import LogBytes
public import LogQuery
internal import LogRecords

/// Which lines are to be erased.
public struct EraseRequest: Sendable {
    /// The classes that are looked through.
    public var classes: Set<String>
    /// The times of the lines.
    public var timeRange: TimeRange
    /// Which of these lines.
    public var filter: Filter

    /// The lines of `classes` in `timeRange` that `filter` matches.
    public init(classes: Set<String>, timeRange: TimeRange = .all, filter: Filter) {
        self.classes = classes
        self.timeRange = timeRange
        self.filter = filter
    }

    /// The filter with the range of time.
    var wholeFilter: Filter {
        if timeRange == .all { return filter }
        let syntax = "[\(EraseTime.text(timeRange.start)),\(EraseTime.text(timeRange.end)))"
        return .matching(all: [.time(TimeFilter(range: timeRange, syntax: syntax)), filter])
    }

    /// The times of all lines that can match.
    var wholeRange: TimeRange { timeRange.intersection(filter.timeRange) }

    /// Whether lines of that class and day can match.
    func includes(_ key: PartitionKey) -> Bool {
        classes.contains(key.className) && includes(key.day)
    }

    func includes(_ day: CivilDate) -> Bool {
        let start = Int64(day.daysSinceEpoch) * Timestamp.day
        return wholeRange.overlaps(first: start, last: start + Timestamp.day - 1)
    }
}

/// Ends of ranges of time in words.
enum EraseTime {
    /// The time, or nothing where the range has no end.
    static func text(_ time: Int64) -> String {
        time == .min || time == .max ? "" : Timestamp.text(time, digits: 9)
    }
}

/// Who asks for an erasure, for the record of it.
public struct EraseOperator: Sendable {
    /// The user's name.
    public var user: String
    /// The name before `sudo`, if that is how the user came by the other one.
    public var sudoUser: String?
    /// The machine's name.
    public var host: String
    /// The program and its version.
    public var tool: String

    /// The operator `user` on `host`.
    public init(user: String, sudoUser: String? = nil, host: String, tool: String) {
        self.user = user
        self.sudoUser = sudoUser
        self.host = host
        self.tool = tool
    }
}

/// Why an erasure does not begin.
public enum EraseError: Error, Sendable, Equatable, CustomStringConvertible {
    /// No line was ever of that class: a misspelt name would pass for an erasure of which nothing came.
    case unknownClass(UnknownClass)
    /// The records of erasures are not erased.
    case auditClass

    /// What is wrong, and what to do.
    public var description: String {
        switch self {
        case .unknownClass(let unknown): unknown.description
        case .auditClass:
            "class \(RetentionPolicy.auditClass) says what was erased and by whom, and is not erased "
                + "itself; it holds none of the erased values, and retention removes it in time"
        }
    }
}

/// What an erasure would take.
public struct EraseMatches: Sendable {
    /// The matching lines by class and day.
    public internal(set) var lines: [PartitionKey: Int] = [:]
    /// What could not be read; the erasure would refuse to rewrite it.
    public internal(set) var faults: [ScanFault] = []
    /// Files in which nobody can search.
    public internal(set) var unsearched: [String] = []

    /// The matching lines of all classes and days.
    public var total: Int { lines.values.reduce(0, +) }
}

/// What an erasure did.
public struct EraseReport: Sendable {
    /// The lines that were erased, by class and day.
    public internal(set) var lines: [PartitionKey: Int] = [:]
    /// The bytes of these lines, without newlines.
    public internal(set) var rawBytes = 0
    /// Segments that were written again without the lines.
    public internal(set) var segmentsRewritten = 0
    /// Segments of which nothing stayed.
    public internal(set) var segmentsRemoved = 0
    /// Files that an interrupted run had left behind, and that went.
    public internal(set) var leftoversRemoved = 0
    /// Damaged segments: they are as they were, and may hold matching lines.
    public internal(set) var faults: [ScanFault] = []
    /// Files in which nobody can search: set aside by a repair or a recovery, or put there by somebody else.
    public internal(set) var unsearched: [String] = []
    /// What ended the erasure before its end.
    public internal(set) var failure: StoreError?
    /// What the operator should know besides.
    public internal(set) var warnings: [String] = []

    /// The lines of all classes and days.
    public var total: Int { lines.values.reduce(0, +) }
    /// Whether no matching line is left, as far as that can be known.
    public var isComplete: Bool { faults.isEmpty && unsearched.isEmpty && failure == nil }
}
