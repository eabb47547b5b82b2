internal import LogJSON
internal import LogRecords

extension AlertTransition {
    /// The logger that alert records name.
    public static let logger = "weir.alerts"

    /// The record of this transition: one JSON object without a newline. Its `timestamp` is the event time; the service of
    /// the group stands under `labels`, so that the record is no request of that service.
    public var jsonLine: String {
        var json = JSONObjectWriter()
        json.add("timestamp", text: Timestamp.text(eventTime, digits: 3))
        json.add("level", text: level)
        json.add("logger", text: Self.logger)
        json.add("event", text: "alert_\(state.rawValue)")
        json.add("alert", text: alert)
        if let severity = labels["severity"] { json.add("severity", text: severity) }
        json.add("value", number: value)
        json.add("threshold", number: threshold)
        json.add("unit", text: unit.rawValue)
        json.add("window", text: DurationText.text(window))
        json.add("started", text: Timestamp.text(startTime, digits: 3))
        json.add("fingerprint", text: fingerprint)
        json.add("labels", texts: labels)
        if !annotations.isEmpty { json.add("annotations", texts: annotations) }
        json.add("message", text: message)
        return json.text
    }
}
