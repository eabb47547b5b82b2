public import LogAlerting
public import LogRecords
public import LogSegments

/// What an ingester is to do.
public struct IngestOptions: Sendable {
    /// What it does when the disk is full.
    public enum WhenFull: String, Sendable, CaseIterable {
        /// Stops reading, so that the writers wait, and goes on when there is space again.
        case wait
        /// Ends with an error; what was stored by then is safe.
        case stop
    }

    /// The data directory; made if need be.
    public var directory: String
    /// The retention classes.
    public var policy: RetentionPolicy
    /// The alert rules.
    public var alerting: AlertConfiguration
    /// The path of the file with the rules, for commands that look at the data directory; nil: the rules are weir's own.
    public var alertFile: String?
    /// Lines are durable at the latest so long after they arrived (nanoseconds).
    public var commitInterval: Int64 = 200_000_000
    /// The longest line that is kept whole, bytes; of a longer one the start is kept.
    public var lineBytesMax = 1 << 20
    /// The format of all lines; nil: each line's own.
    public var format: LineFormat?
    /// What happens when the disk is full.
    public var whenFull = WhenFull.wait
    /// What is redacted before anything else is done with a line; nil: nothing.
    public var redaction: RedactionRules?
    /// What segments and journal may take together, bytes; nil: what they need.
    public var maxDiskBytes: Int?
    /// When the store seals.
    public var store = StoreOptions()

    /// The share of one processor that merging segments may take; 0 leaves them as they are.
    public var compactionShare = 0.25

    /// The largest `lineBytesMax`: a chunk of it is allocated several times.
    public static let lineBytesLimit = 64 << 20
    /// Chunks between sources and pipeline: one being filled, one being stored, two on the way.
    static let chunkCount = 4

    /// An ingester into `directory` with these classes and rules, all else standard.
    public init(
        directory: String, policy: RetentionPolicy, alerting: AlertConfiguration
    ) {
        self.directory = directory
        self.policy = policy
        self.alerting = alerting
    }
}
