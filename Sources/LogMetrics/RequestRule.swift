public import LogBytes
public import LogRecords

/// What counts as a request, and as a failed one: the definition that metrics and alert rules share.
///
/// A record is a request when it names an endpoint or has an HTTP status. A request is an error when its status is 500 or
/// above, or when it has no status and its level is error or above. A 404 is an answer, not an error. A line that is a metric
/// itself (`"event":"metric_counter"`) is no request, whatever its labels name.
public enum RequestRule {
    /// Whether the field at `slot`, which is the `event` of record `row`, says that the line is a metric.
    @inlinable @inline(__always)
    public static func isMetricLine(
        _ row: Int, eventSlot slot: Int32, _ reader: BatchReader
    ) -> Bool {
        guard slot >= 0, let event = reader.plainText(row, slot) else { return false }
        return event.count > 7 && event.hasPrefix(ByteView("metric")) && isMetric(event)
    }

    @usableFromInline
    static func isMetric(_ event: ByteView) -> Bool { MetricLines.kind(event) != nil }

    /// Whether a record with this status (0: none) is a request.
    @inlinable @inline(__always)
    public static func isRequest(status: Int, hasEndpoint: Bool) -> Bool {
        status != 0 || hasEndpoint
    }

    /// Whether a request with this status (0: none) and level is an error.
    @inlinable @inline(__always)
    public static func isError(status: Int, level: LogLevel) -> Bool {
        status != 0 ? status >= 500 : level >= .error
    }
}
