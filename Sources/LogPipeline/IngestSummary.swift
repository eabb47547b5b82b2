public import LogAlerting
public import LogMetrics
public import LogSegments

/// What an ingester did between its start and its end.
public struct IngestSummary: Sendable {
    /// Lines read.
    public var lines = 0
    /// Their bytes, without newlines.
    public var bytes = 0
    /// Lines kept as text because they are no JSON object, by reason.
    public var unparsed: [String: Int] = [:]
    /// Lines of which only the start was kept.
    public var truncatedLines = 0
    /// Bytes of those that were not kept.
    public var skippedBytes = 0
    /// Lines whose own time is too far ahead and was not taken.
    public var skewedLines = 0
    /// Set when a source failed before its end; what it gave until then is stored.
    public var sourceFailed = false
    /// Lines that a crash had left in the journal, sealed at the start.
    public var recovery = StoreRecovery()
    /// Requests, errors and latencies of each endpoint.
    public var endpoints: [EndpointSummary] = []
    /// Alerts that began or ceased to fire, in order; at most `transitionsMax`.
    public var transitions: [AlertTransition] = []
    /// Transitions beyond those listed.
    public var furtherTransitions = 0
    /// Records left out of a rule that has as many groups as it may.
    public var refusedGroups = 0
    /// Values that a rule with `new` could not remember.
    public var refusedValues = 0
    /// Segments written, one entry for each class and day.
    public var partitions: [PartitionSummary] = []

    /// Transitions that are listed: a storm of alerts must not fill memory; all of them are stored.
    static let transitionsMax = 1_000
}

/// The segments of one class and day that an ingester wrote.
public struct PartitionSummary: Sendable {
    /// The class and day.
    public let key: PartitionKey
    /// How many segments.
    public var segments = 0
    /// Their lines.
    public var lines = 0
    /// Bytes of these lines, without newlines.
    public var rawBytes = 0
    /// Bytes of the files.
    public var storedBytes = 0
}
